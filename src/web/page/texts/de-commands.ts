// What commands and their parameters are for, in German.

export const DE_COMMANDS: Readonly<Record<string, string>> = {
  // what each does
  'everything at a glance': 'alles auf einen Blick',
  'the journal and the disk': 'das Journal und der Datenträger',
  'is the time to be trusted?': 'ist auf die Zeit Verlass?',
  'is somebody changing the configuration, does a commit wait?':
    'ändert jemand die Konfiguration, wartet ein Commit auf seine Bestätigung?',
  'keys and their values, as a commit would have them': 'Schlüssel und ihre Werte, wie sie nach einem Commit wären',
  'give a key a value, in the candidate': 'einem Schlüssel einen Wert geben, im Entwurf',
  'take a key out of the candidate: it has its default then':
    'einen Schlüssel aus dem Entwurf nehmen: Er hat dann seine Vorgabe',
  'the files of the configuration': 'die Dateien der Konfiguration',
  'a whole file, secrets as ***': 'eine ganze Datei, Geheimnisse als ***',
  'a whole file, into the candidate': 'eine ganze Datei, in den Entwurf',
  'take a whole file out of the candidate': 'eine ganze Datei aus dem Entwurf nehmen',
  'what a commit would change': 'was ein Commit ändern würde',
  'every fault of the candidate, and what a commit would do': 'alle Fehler des Entwurfs, und was ein Commit täte',
  'take the candidate up': 'den Entwurf übernehmen',
  'keep what was committed with --confirm': 'behalten, was mit --confirm übernommen wurde',
  'take back what was committed with --confirm': 'zurücknehmen, was mit --confirm übernommen wurde',
  'drop the candidate': 'den Entwurf verwerfen',
  'the versions that are kept, newest first': 'die aufgehobenen Versionen, die neueste zuerst',
  'an earlier version, into the candidate': 'eine frühere Version, in den Entwurf',
  'rates, lag and free disk over the last hour or day':
    'Raten, Rückstand und freier Speicher über die letzte Stunde oder den letzten Tag',
  'the backends that have a file, and which are loaded': 'die Backends, die eine Datei haben, und welche geladen sind',
  'load emqx_backend_<kind>': 'emqx_backend_<Art> laden',
  'unload it; what waits in its lanes stays': 'es entladen; was in seinen Lanes wartet, bleibt',
  'read its file again': 'seine Datei neu lesen',
  'the configured pools and how they are': 'die konfigurierten Pools und wie es ihnen geht',
  'connect and ping': 'verbinden und anpingen',
  'make its tables where they are missing': 'seine Tabellen anlegen, wo sie fehlen',
  'every lane: mode, cursor, lag': 'alle Lanes: Modus, Cursor, Rückstand',
  'hold a lane': 'eine Lane anhalten',
  'let it go on; a blocked lane tries at once': 'sie fortsetzen; eine blockierte Lane versucht es sofort',
  'give up what waits up to and with SEQ': 'aufgeben, was bis einschließlich SEQ wartet',
  'one lane, and the event that it stands at': 'eine Lane und das Ereignis, an dem sie steht',
  'dead letters, newest last': 'unzustellbare Einträge, der neueste zuletzt',
  'one dead letter, with its event': 'ein unzustellbarer Eintrag mit seinem Ereignis',
  'send it again': 'ihn neu senden',
  'forget it': 'ihn verwerfen',
  'what the hooks would make of an event; nothing is run':
    'was die Hooks aus einem Ereignis machen würden; nichts wird ausgeführt',
  'read users, access rules and certificates again': 'Benutzer, Zugriffsregeln und Zertifikate neu lesen',
  'who may connect by MQTT': 'wer sich über MQTT verbinden darf',
  'let a user connect by MQTT': 'einen Benutzer sich über MQTT verbinden lassen',
  'set another password for a user': 'ein anderes Passwort für einen Benutzer setzen',
  'take a user away': 'einen Benutzer entfernen',
  'the rules: who may publish and read what': 'die Regeln: wer was senden und lesen darf',
  'a rule, into the candidate': 'eine Regel, in den Entwurf',
  'take a rule out of the candidate': 'eine Regel aus dem Entwurf nehmen',
  'may a client do this, by the rules of the candidate?': 'darf ein Client das, nach den Regeln des Entwurfs?',
  'who may log in to the page and the console': 'wer sich an Seite und Konsole anmelden darf',
  'add an operator, or set another password for one': 'ein Konto anlegen, oder ein anderes Passwort dafür setzen',
  'take an operator away': 'ein Konto entfernen',
  'who is logged in to the page': 'wer an der Seite angemeldet ist',
  'log somebody out of the page': 'jemanden von der Seite abmelden',
  'the tokens of programs that use the API': 'die Token der Programme, die die API benutzen',
  'a token for a program that uses the API': 'ein Token für ein Programm, das die API benutzt',
  'take a token back': 'ein Token zurücknehmen',
  'the connected clients; with --all those that are away, too':
    'die verbundenen Clients; mit --all auch die abwesenden',
  'one client, with its subscriptions': 'ein Client mit seinen Abonnements',
  'close its connection; its session stays': 'seine Verbindung trennen; seine Sitzung bleibt',
  'drop the session of a client that is away': 'die Sitzung eines abwesenden Clients verwerfen',
  'what is subscribed to and what is retained': 'was abonniert ist, und die Retained-Nachrichten',
  'the newest messages in the journal': 'die neuesten Nachrichten im Journal',
  'the newest lines of the log': 'die neuesten Zeilen des Logs',
  'how much is logged; with LEVEL from now on': 'wie viel ins Log kommt; mit LEVEL ab jetzt',
  'configuration, users, tokens and certificates, as one file':
    'Konfiguration, Benutzer, Token und Zertifikate in einer Datei',
  'the backups in the data folder, newest first': 'die Sicherungen im Datenordner, die neueste zuerst',
  'take a backup out of the data folder': 'eine Sicherung aus dem Datenordner entfernen',
  'put a backup back': 'eine Sicherung zurückspielen',
  'stop the gateway, and start it anew': 'das Gateway anhalten und neu starten',
  'start the machine anew': 'die Maschine neu starten',
  'back to what was shipped: no accounts, configuration, messages':
    'zurück zur Auslieferung: keine Konten, Konfiguration, Nachrichten',
  'which version runs here, and how a newer one comes': 'welche Version hier läuft, und wie eine neuere kommt',
  'put a newer version into the slot that does not run': 'eine neuere Version auf den Platz legen, der nicht läuft',
  'keep the version that runs: its trial ends': 'die Version behalten, die läuft: Ihre Probe endet',
  'back to the version before: the next reboot starts it': 'zurück zur Version davor: Der nächste Neustart startet sie',

  // more about some
  '--json has more figures than the screenful for people.':
    'Mit --json sind es mehr Zahlen als auf dem Bildschirm für Menschen.',
  'Secrets are shown as ***, but for where they are: file:/path and env:NAME.':
    'Geheimnisse erscheinen als ***, außer wo sie zu finden sind: file:/path und env:NAME.',
  'The line that has the key is changed, or one is added where the key belongs; comments and order stay.':
    'Die Zeile mit dem Schlüssel wird geändert, oder eine kommt hinzu, wo er hingehört; Kommentare und Reihenfolge bleiben.',
  'A secret that is given back as *** stays what it is.': 'Ein Geheimnis, das als *** zurückkommt, bleibt, was es ist.',
  'As text, in the form of `diff -u`: from what runs to the candidate, or with VERSION from that one.':
    'Als Text in der Form von `diff -u`: von dem, was läuft, zum Entwurf, oder mit VERSION von dieser aus.',
  'It is checked as a whole, written, and taken up by what runs, without a restart; the answer says what counts from the next start on only. Without a candidate it takes up what was edited in the files by hand. With --confirm it is taken back by itself unless `config confirm` comes in time, also after a power cut: what locks you out does not last.':
    'Er wird als Ganzes geprüft, geschrieben und von dem, was läuft, übernommen, ohne Neustart; die Antwort sagt, was erst ab dem nächsten Start gilt. Ohne Entwurf wird übernommen, was von Hand in den Dateien geändert wurde. Mit --confirm wird es von selbst zurückgenommen, wenn `config confirm` nicht rechtzeitig kommt, auch nach einem Stromausfall: Was Sie aussperrt, bleibt nicht.',
  'A point each 10 seconds of the hour, each 5 minutes of the day, oldest first; null while the gateway did not run.':
    'Ein Punkt je 10 Sekunden der Stunde, je 5 Minuten des Tages, der älteste zuerst; null, solange das Gateway nicht lief.',
  'It may be repeated: what is there stays. `holdfast schema KIND` prints what is run.':
    'Es lässt sich wiederholen: Was da ist, bleibt. `holdfast schema KIND` zeigt, was ausgeführt wird.',
  'The event is JSON, such as {"hook": "message.publish", "clientid": "c1", "topic": "a/b", "payload": "21", "qos": 1}; a payload that is no text is given as JSON. Without HOOKS they are those of the candidate, also of plugins that are not loaded. HOOKS is a plugin\'s file, or lines of one with hooks alone, or what stands behind the = of one hook, as {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}: its pool is one of the candidate then.':
    'Das Ereignis ist JSON, etwa {"hook": "message.publish", "clientid": "c1", "topic": "a/b", "payload": "21", "qos": 1}; ein Inhalt, der kein Text ist, wird als JSON angegeben. Ohne HOOKS sind es die des Entwurfs, auch von Plugins, die nicht geladen sind. HOOKS ist die Datei eines Plugins, oder Zeilen daraus mit Hooks allein, oder was bei einem Hook hinter dem = steht, etwa {"topic": "#", "action": {"function": "on_message_publish"}, "pool": "pool1"}: Dessen Pool ist dann einer des Entwurfs.',
  'Users are in the file of auth.file, with hashes of their passwords. Who has a certificate that counts as a name (use_identity_as_username) needs no line there.':
    'Benutzer stehen in der Datei von auth.file, mit den Hashes ihrer Passwörter. Wer ein Zertifikat hat, das als Name gilt (use_identity_as_username), braucht dort keine Zeile.',
  'Those of the candidate, by their lines in the rules file. `config file get acl.conf` shows the whole file, and `config file put` takes one, in the syntax of mosquitto. What no line names is for acl.nomatch to say.':
    'Die des Entwurfs, nach ihren Zeilen in der Regeldatei. `config file get acl.conf` zeigt die ganze Datei, und `config file put` nimmt eine, in der Schreibweise von mosquitto. Was keine Zeile nennt, entscheidet acl.nomatch.',
  "For one user, for clients without a name (--anonymous), or for everybody, where %c in the filter stands for the client id and %u for the user's name.":
    'Für einen Benutzer, für Clients ohne Namen (--anonymous) oder für alle; dann steht %c im Filter für die Client-Id und %u für den Namen des Benutzers.',
  'It is shown this once: only its hash is kept.':
    'Es wird nur dieses eine Mal gezeigt: Aufgehoben wird nur sein Hash.',
  'With a filter: only what it matches, subscriptions by their text. Both lists are by name.':
    'Mit Filter: nur, worauf er passt, Abonnements nach ihrem Text. Beide Listen sind nach Namen geordnet.',
  'Oldest first. The journal holds messages until every database has them, and for queue.retain more. --follow goes on with what comes.':
    'Die älteste zuerst. Das Journal hält Nachrichten, bis alle Datenbanken sie haben, und um queue.retain länger. --follow geht weiter mit dem, was kommt.',
  'As many as `log.buffer` has room for, since the start. --follow goes on with what comes.':
    'So viele, wie in `log.buffer` passen, seit dem Start. --follow geht weiter mit dem, was kommt.',
  'Until the next start, or until a commit changes log.level.':
    'Bis zum nächsten Start, oder bis ein Commit log.level ändert.',
  'One of {words}.': 'Eines von {words}.',
  'A .tar.gz that only its owner may read: passwords of databases and private keys are in it. With --queue also what waits in the queue, with sessions and retained messages, and the embedded databases, as they are at one moment, while the gateway goes on.':
    'Eine .tar.gz, die nur ihr Eigentümer lesen darf: Passwörter von Datenbanken und private Schlüssel sind darin. Mit --queue auch, was in der Warteschlange wartet, mit Sitzungen und Retained-Nachrichten, und die eingebauten Datenbanken, wie sie in einem Augenblick sind, während das Gateway weiterläuft.',
  'It is checked as a whole before anything changes; what there was is kept as a backup of its own, and as a version of the configuration. Users, operators, tokens and certificates become those of the backup. What waits in the queue stays, but for --queue: then queue, sessions, retained messages and embedded databases of the backup take the place of those that are here, at the next start; these go to the folder `replaced` beside them, and are removed after 30 days, or sooner when the disk has less than twice `queue.reserve` left. A queue that is restored takes an id of its own: what it had forwarded is not sent again; what another gateway with the same queue sends, too, is. A queue that has run on here since its backup, or is restored a second time, may have sent what waits in it: where custom statements would write that twice, it is refused without --again.':
    'Sie wird als Ganzes geprüft, bevor sich etwas ändert; was vorher war, wird als eigene Sicherung und als Version der Konfiguration aufgehoben. Benutzer, Konten, Token und Zertifikate werden die der Sicherung. Was in der Warteschlange wartet, bleibt, außer mit --queue: Dann treten Warteschlange, Sitzungen, Retained-Nachrichten und eingebaute Datenbanken der Sicherung beim nächsten Start an die Stelle der hiesigen; diese kommen in den Ordner `replaced` daneben und werden nach 30 Tagen entfernt, oder früher, wenn auf dem Datenträger weniger als das Doppelte von `queue.reserve` frei ist. Eine zurückgespielte Warteschlange bekommt eine eigene Kennung: Was sie schon weitergeleitet hatte, wird nicht noch einmal gesendet; was ein anderes Gateway mit derselben Warteschlange ebenfalls sendet, schon. Eine Warteschlange, die hier seit ihrer Sicherung weitergelaufen ist oder ein zweites Mal zurückgespielt wird, hat vielleicht schon gesendet, was in ihr wartet: Wo eigene Statements das zweimal schreiben würden, wird sie ohne --again abgelehnt.',
  'As after a power cut, but in good order: what waits is sent on, sessions go on, clients connect again by themselves.':
    'Wie nach einem Stromausfall, nur geordnet: Was wartet, wird weiter gesendet, Sitzungen gehen weiter, Clients verbinden sich von selbst wieder.',
  'By systemd, or by `reboot`, if the machine lets the user do so that the gateway runs as. `restart` is for the gateway alone.':
    'Durch systemd oder durch `reboot`, wenn die Maschine es dem Benutzer erlaubt, unter dem das Gateway läuft. `restart` ist für das Gateway allein.',
  "Removes every file of etc/ and puts the shipped ones there; removes the history of the configuration, the backups, the page's own certificate, the queue with the sessions and retained messages in it, and the embedded databases in the data folder. Then the gateway starts anew, and its log and its serial line show the one-time code that makes the first account.":
    'Entfernt alle Dateien von etc/ und legt die ausgelieferten dorthin; entfernt den Verlauf der Konfiguration, die Sicherungen, das eigene Zertifikat der Seite, die Warteschlange mit ihren Sitzungen und Retained-Nachrichten und die eingebauten Datenbanken im Datenordner. Dann startet das Gateway neu, und sein Log und seine serielle Leitung zeigen den Einmalcode für das erste Konto.',
  'Of an image also its two slots, and the installation that goes on. --follow shows how far that is, to its end.':
    'Bei einem Abbild auch seine zwei Plätze und die Installation, die läuft. --follow zeigt, wie weit sie ist, bis zu ihrem Ende.',
  'A bundle (.raucb) for this device, signed by whom it knows; it is checked before anything is written. What runs goes on meanwhile; `reboot` starts the new version, on trial: when it does not come up the machine goes back by itself, and `update confirm` ends the trial. What waits in the queue is not touched. Of a package, a binary or sources `update status` says how a newer one comes.':
    'Ein Bundle (.raucb) für dieses Gerät, von jemandem signiert, den es kennt; es wird geprüft, bevor etwas geschrieben wird. Was läuft, läuft währenddessen weiter; `reboot` startet die neue Version, auf Probe: Kommt sie nicht hoch, geht die Maschine von selbst zurück, und `update confirm` beendet die Probe. Was in der Warteschlange wartet, bleibt unberührt. Bei Paket, Programmdatei und Quelltext sagt `update status`, wie eine neuere Version kommt.',
  'The other slot; of an update that waits for its reboot it is the slot that runs, which then stays. Configuration and data are the same for both. A version that is older than the format of the data says so and does not run: then the boot loader goes back again.':
    'Der andere Platz; bei einer Aktualisierung, die auf den Neustart wartet, der Platz, der läuft und dann bleibt. Konfiguration und Daten sind für beide dieselben. Eine Version, die älter ist als das Format der Daten, sagt das und läuft nicht: Dann geht der Bootloader wieder zurück.',

  'The first that waits for the pool. Where the lane is blocked by what an event writes, it is that event: mend the cause and `lane resume`, or `lane skip` it.':
    'Das erste, das auf den Pool wartet. Blockiert die Lane, was ein Ereignis schreibt, so ist es dieses: Beheben Sie die Ursache, dann `lane resume`, oder überspringen Sie es mit `lane skip`.',

  // parameters
  'Only keys that begin so': 'Nur Schlüssel, die so beginnen',
  'Also keys of holdfast.conf that have their default': 'Auch Schlüssel von holdfast.conf, die ihre Vorgabe haben',
  'Such as mqtt.max_inflight': 'Etwa mqtt.max_inflight',
  'As in the file': 'Wie in der Datei',
  'Go on with the change that another owner began': 'Die Änderung weiterführen, die jemand anders begonnen hat',
  "The candidate's revision as it was seen; refused when it is another by now":
    'Die Revision des Entwurfs, wie man sie gesehen hat; abgelehnt, wenn es inzwischen eine andere ist',
  'Below etc/, such as acl.conf or plugins/emqx_backend_pgsql.conf':
    'Unter etc/, etwa acl.conf oder plugins/emqx_backend_pgsql.conf',
  'A file with the content; - for what is typed': 'Eine Datei mit dem Inhalt; - für das, was getippt wird',
  'A version of `config history` in place of what runs':
    'Eine Version aus `config history` an Stelle dessen, was läuft',
  'Take it back unless it is confirmed within so many minutes':
    'Zurücknehmen, wenn es nicht in so vielen Minuten bestätigt wird',
  'What becomes of events that wait for pools that are gone':
    'Was aus Ereignissen wird, die auf entfallende Pools warten',
  'For the history': 'Für den Verlauf',
  'As `config history` numbers them': 'Mit der Nummer aus `config history`',
  'How far back': 'Wie weit zurück',
  'emqx_backend_<kind>': 'emqx_backend_<Art>',
  'Such as pgsql.pool1, or pool1 where only one has the name': 'Etwa pgsql.pool1, oder pool1, wenn nur einer so heißt',
  "The last event's number, as `lanes` and `messages` show it":
    'Die Nummer des letzten Ereignisses, wie `lanes` und `messages` sie zeigen',
  "Only this pool's": 'Nur die dieses Pools',
  'At most so many ({count})': 'Höchstens so viele ({count})',
  'Only those behind this one': 'Nur die nach diesem',
  "The letter's number": 'Die Nummer des Eintrags',
  "The letter's number, or all of them": 'Die Nummer des Eintrags, oder alle',
  'The event': 'Das Ereignis',
  "A plugin's file, or one hook as JSON; - for lines that are typed":
    'Die Datei eines Plugins oder ein Hook als JSON; - für Zeilen, die getippt werden',
  "The user's name": 'Der Name des Benutzers',
  'The password of the user': 'Das Passwort des Benutzers',
  'What the rule allows, or deny: read, write, readwrite, deny':
    'Was die Regel erlaubt, oder das Verbot: read, write, readwrite, deny',
  'A topic or topic filter, such as site/+/state': 'Ein Topic oder Topic-Filter, etwa site/+/state',
  'For this user': 'Für diesen Benutzer',
  'For clients without a name': 'Für Clients ohne Namen',
  'As `acl` numbers them': 'Mit der Nummer aus `acl`',
  'What the client would do: publish, subscribe, or read a message':
    'Was der Client täte: publish, subscribe, oder mit read eine Nachricht lesen',
  'A topic; for subscribe a topic filter': 'Ein Topic; bei subscribe ein Topic-Filter',
  'The client has this name; without it: none': 'Der Client hat diesen Namen; ohne: keinen',
  'The client has this id': 'Der Client hat diese Id',
  "The operator's name": 'Der Name des Kontos',
  'At least {count} characters': 'Mindestens {count} Zeichen',
  'As `logins` shows it, or all of them': 'Wie `logins` sie zeigt, oder alle',
  'What it is for, such as the program that has it': 'Wofür es ist, etwa das Programm, das es hat',
  'It may only read': 'Es darf nur lesen',
  'Also sessions whose clients are away': 'Auch Sitzungen abwesender Clients',
  'Client id': 'Client-Id',
  'Only what it matches': 'Nur, worauf er passt',
  'Most lines of each list ({count})': 'Zeilen jeder Liste, höchstens ({count})',
  'A topic or filter': 'Ein Topic oder Filter',
  'Only those since then: 2h (ago), or an ISO date': 'Nur seither: 2h (ist so lange her), oder ein ISO-Datum',
  'Only lines of this level and those above it': 'Nur Zeilen dieser Stufe und höherer',
  'How much from now on': 'Wie viel ab jetzt',
  'A path; without a folder it goes to backups/ in the data folder':
    'Ein Pfad; ohne Ordner kommt sie nach backups/ im Datenordner',
  'Also the queue, sessions, retained messages and embedded databases':
    'Auch Warteschlange, Sitzungen, Retained-Nachrichten und eingebaute Datenbanken',
  'As `backups` lists it': 'Wie `backups` sie nennt',
  'A path; without a folder it is in backups/ in the data folder':
    'Ein Pfad; ohne Ordner ist sie in backups/ im Datenordner',
  'A path; without a folder the one that was brought over the network':
    'Ein Pfad; ohne Ordner das, das über das Netz gebracht wurde',
  'Also the queue and the embedded databases that are in it, from the next start on':
    'Auch die Warteschlange und die eingebauten Datenbanken darin, ab dem nächsten Start',
  'Also a queue whose waiting events may have been sent from here since':
    'Auch eine Warteschlange, deren wartende Ereignisse seither von hier gesendet worden sein können',
  'Keep the queue, sessions, retained messages and embedded databases':
    'Warteschlange, Sitzungen, Retained-Nachrichten und eingebaute Datenbanken behalten',
}
