// What the gateway can't do, or does not do, and what to do about it, in German.

import type { Sentences } from './translator.ts'

export const DE_REFUSALS: Sentences = {
  // the candidate, versions
  'the candidate is at revision {current}, not {revision}': 'Der Entwurf hat Revision {current}, nicht {revision}.',
  'look at it again: somebody else has edited it': 'Sehen Sie ihn noch einmal an: Jemand anders hat ihn geändert.',
  '--take goes on with that change; `config diff` shows it, `config discard --take` drops it':
    'Sie können diese Änderung weiterführen, ansehen oder verwerfen (Konfiguration, Änderungen).',
  "'{name}' is no file of a configuration": '„{name}“ ist keine Datei einer Konfiguration.',
  'files: {names}': 'Dateien: {names}',
  'files: holdfast.conf, acl.conf or another .conf beside it, loaded_plugins, plugins/emqx_backend_<{kinds}>.conf':
    'Dateien: holdfast.conf, acl.conf oder eine andere .conf daneben, loaded_plugins, plugins/emqx_backend_<{kinds}>.conf',
  '{name} would have {bytes} bytes; {most} is the most': '{name} hätte {bytes} Bytes; höchstens {most} dürfen es sein.',
  "the configuration can't be read: {why}": 'Die Konfiguration lässt sich nicht lesen: {why}',
  "the configuration can't be written: {why}": 'Die Konfiguration lässt sich nicht schreiben: {why}',
  'the user that the gateway runs as must be allowed to write {folder} and the files in it':
    'Der Benutzer, unter dem das Gateway läuft, muss {folder} und die Dateien darin schreiben dürfen.',
  'there is no backend of {key}': 'Zu {key} gibt es kein Backend.',
  'backends: {kinds}': 'Backends: {kinds}',
  '{key} is not set in {file}': '{key} ist in {file} nicht gesetzt.',
  '`config show` lists what is': '`config show` zeigt, was gesetzt ist.',
  'there is no file {name}': 'Es gibt keine Datei {name}.',
  'there is no version {version}': 'Es gibt keine Version {version}.',
  'there is none yet': 'Es gibt noch keine.',
  'versions: {first} to {last}; `config history` lists them': 'Versionen: {first} bis {last}; sie stehen im Verlauf.',
  "{name} can't be kept: {why}": '{name} lässt sich nicht aufheben: {why}',
  'is there room on the disk of {folder}?': 'Ist auf dem Datenträger von {folder} Platz?',
  'no commit waits for its confirmation': 'Kein Commit wartet auf seine Bestätigung.',
  '`config restore N` goes back to an earlier version, `config discard` drops what was not committed':
    'Der Verlauf holt eine frühere Version zurück; Verwerfen nimmt weg, was nicht übernommen ist.',
  '`config confirm` keeps it, `config rollback` takes it back': 'Bestätigen behält sie, Zurücknehmen nimmt sie zurück.',
  'the configuration was changed {by} since you began at {since}':
    'Die Konfiguration wurde {by} geändert, seit Sie um {since} begannen.',
  'by hand': 'von Hand',
  'by {who}': 'von {who}',
  '`config diff` shows your change; note it, `config discard` it, and make it again':
    'Notieren Sie Ihre Änderung, verwerfen Sie sie, und machen Sie sie noch einmal.',
  'say what becomes of them: --pending drain sends them first, drop gives them up, keep holds them until the pool is back':
    'Wählen Sie, was aus ihnen wird: vorher senden (drain), verwerfen (drop), oder behalten, bis der Pool wieder da ist (keep).',
  'mend them; `holdfast check` lists them again': 'Beheben Sie sie; `holdfast check` zeigt sie noch einmal.',

  // pools, lanes, events
  "there is no pool '{name}'": 'Es gibt keinen Pool „{name}“.',
  "several pools are called '{name}'": 'Mehrere Pools heißen „{name}“.',
  'there is no {kind} pool {pool} in {folder}': 'In {folder} gibt es keinen {kind}-Pool {pool}.',
  '{word} is not there': '{word} ist nicht da.',
  'pool {word}: {why}': 'Pool {word}: {why}',
  "there is no backend '{kind}'": 'Es gibt kein Backend „{kind}“.',
  'this version has no backend for {kind} yet': 'Diese Version hat noch kein Backend für {kind}.',
  'no pool {pool} is configured': 'Es ist kein Pool {pool} konfiguriert.',
  'the lane is past {seq} already': 'Die Lane ist schon hinter {seq}.',
  'the journal holds no event {seq}': 'Das Journal hält kein Ereignis {seq}.',
  'the journal does not hold the event {seq} any more': 'Das Journal hält das Ereignis {seq} nicht mehr.',
  'the lane is skipping already': 'Die Lane überspringt schon.',
  'the lane was closed meanwhile': 'Die Lane wurde inzwischen geschlossen.',
  'the forwarder was closed meanwhile': 'Die Weiterleitung wurde inzwischen geschlossen.',
  'events wait for a pool that the configuration does not have':
    'Ereignisse warten auf einen Pool, den die Konfiguration nicht hat.',
  'configure {pool} again, or give them up: lane skip {lane} --to SEQ':
    'Konfigurieren Sie {pool} wieder, oder geben Sie sie auf (Warteschlange, Überspringen).',
  'this is a defect of Holdfast; the log has the stack': 'Das ist ein Fehler von Holdfast; der Stack steht im Log.',
  'this is a defect of Holdfast': 'Das ist ein Fehler von Holdfast.',
  'the log has more': 'Im Log steht mehr.',
  'the queue holds its {bytes} bytes (queue.max_bytes)':
    'Die Warteschlange ist mit {bytes} Bytes voll (queue.max_bytes).',
  'the disk has {free} free bytes, {reserve} are reserved (queue.reserve)':
    'Der Datenträger hat {free} Bytes frei, {reserve} bleiben in Reserve (queue.reserve).',
  'the disk of the data folder fails or is read-only: see the system log':
    'Der Datenträger des Datenordners ist defekt oder schreibgeschützt: Sehen Sie ins Systemlog.',
  'the journal {file} is damaged: {why}': 'Das Journal {file} ist beschädigt: {why}',
  'start again: what can be read is salvaged then': 'Starten Sie neu: Was lesbar ist, wird dann gerettet.',
  'there is no dead letter {id}': 'Es gibt keinen unzustellbaren Eintrag {id}.',
  '`dead list` lists them': 'Sie stehen unter Warteschlange.',
  "there is no plugin '{name}'": 'Es gibt kein Plugin „{name}“.',
  'plugins with a file: {names}': 'Plugins mit Datei: {names}',
  "'{key}' is no field of an event; there are {keys}": '„{key}“ ist kein Feld eines Ereignisses; es gibt {keys}.',
  'hook: expected one of {words}': 'hook: Erwartet wird eines von {words}.',
  'clientid, topic: expected texts': 'clientid, topic: Erwartet werden Texte.',
  'qos: expected 0, 1 or 2': 'qos: Erwartet wird 0, 1 oder 2.',
  'retain: expected true or false': 'retain: Erwartet wird true oder false.',
  'no JSON: {why}': 'Kein JSON: {why}',
  'expected lines such as {example}, or what stands behind the =':
    'Erwartet werden Zeilen wie {example}, oder was hinter dem = steht.',
  "no plugin of the candidate has a pool '{pool}'": 'Kein Plugin des Entwurfs hat einen Pool „{pool}“.',
  'expected a JSON object': 'Erwartet wird ein JSON-Objekt.',
  '`help hook try` has an example': 'Unter Befehle hat `hook try` ein Beispiel.',

  // clients, users, accounts, tokens
  "client '{client}' is not connected": 'Der Client „{client}“ ist nicht verbunden.',
  'it has a session that waits for it; `clients --all` lists those, too':
    'Er hat eine Sitzung, die auf ihn wartet; unter Clients sind auch diese zu sehen.',
  "there is no client '{client}', and no session of one":
    'Es gibt keinen Client „{client}“ und auch keine Sitzung von ihm.',
  '`clients --all` lists them': 'Sie stehen unter Clients.',
  "client '{client}' is connected": 'Der Client „{client}“ ist verbunden.',
  '`client kick` it before': 'Trennen Sie ihn vorher.',
  'there is a user {name} already': 'Es gibt schon einen Benutzer {name}.',
  '`user passwd` sets another password': '`user passwd` setzt ein anderes Passwort.',
  'users: {names}': 'Benutzer: {names}',
  "the users can't be written: {why}": 'Die Benutzer lassen sich nicht schreiben: {why}',
  "the users can't be read: {why}": 'Die Benutzer lassen sich nicht lesen: {why}',
  'there is no login {id}': 'Es gibt keine Anmeldung {id}.',
  '`logins` lists them': 'Sie stehen unter Benutzer und Zugriff, Konten.',
  'there is an account already': 'Es gibt schon ein Konto.',
  'there is no account yet': 'Es gibt noch kein Konto.',
  "make the first one with the one-time code from the gateway's log or its serial line":
    'Legen Sie das erste mit dem Einmalcode an, aus dem Log des Gateways oder von seiner seriellen Leitung.',
  'there is a token {name} already': 'Es gibt schon ein Token {name}.',
  'revoke it, or choose a name': 'Nehmen Sie es zurück, oder wählen Sie einen anderen Namen.',
  'there are {count} tokens already': 'Es gibt schon {count} Token.',
  'there is no token {name}': 'Es gibt kein Token {name}.',
  'tokens: {names}': 'Token: {names}',
  "the tokens can't be written: {why}": 'Die Token lassen sich nicht schreiben: {why}',
  none: 'keine',

  // backups, the machine
  'a backup has at most {bytes} bytes': 'Eine Sicherung hat höchstens {bytes} Bytes.',
  'the backup did not come whole: {why}': 'Die Sicherung kam nicht ganz an: {why}',
  "it holds a {type} '{name}', where only files may be": 'Sie enthält „{name}“ ({type}), wo nur Dateien sein dürfen.',
  "it holds '{name}', which is no file of a backup": 'Sie enthält „{name}“; das ist keine Datei einer Sicherung.',
  "it holds '{name}' twice": 'Sie enthält „{name}“ zweimal.',
  'it holds more than {count} files': 'Sie enthält mehr als {count} Dateien.',
  "it holds '{name}' with {bytes} bytes; {most} is the most":
    'Sie enthält „{name}“ mit {bytes} Bytes; höchstens {most} dürfen es sein.',
  "it holds '{name}' twice, or where none of its pools has a database":
    'Sie enthält „{name}“ zweimal, oder wo keiner ihrer Pools eine Datenbank hat.',
  'there is no room for {bytes} bytes of it: {room} are free':
    'Für {bytes} Bytes daraus ist kein Platz: {room} sind frei.',
  'it has {bytes} bytes that are no file': 'Sie hat {bytes} Bytes, die keine Datei sind.',
  'it would unpack to more than {bytes} bytes': 'Ausgepackt hätte sie mehr als {bytes} Bytes.',
  "{path} can't be read ({code})": '{path} lässt sich nicht lesen ({code}).',
  "expected a file's name without a folder, not '{file}'":
    'Erwartet wird der Name einer Datei ohne Ordner, nicht „{file}“.',
  'it is in {folder}': 'Sie ist in {folder}.',
  'there is no backup {name}': 'Es gibt keine Sicherung {name}.',
  '`backups` lists them': 'Sie stehen unter System, Sicherung.',
  '`backup remove FILE` makes room': 'Entfernen Sie eine, dann ist Platz.',
  'there is no queue in this backup': 'In dieser Sicherung ist keine Warteschlange.',
  'the queue is full, and its oldest events were dropped while it was copied':
    'Die Warteschlange ist voll, und ihre ältesten Ereignisse wurden verworfen, während sie kopiert wurde.',
  'events that came to an embedded database meanwhile would be in no copy; try again when there is room':
    'Ereignisse, die währenddessen in eine eingebaute Datenbank kamen, wären in keiner Kopie. Versuchen Sie es wieder, wenn Platz ist.',
  'events that wait in this queue may have been sent since, for {pools}':
    'Ereignisse, die in dieser Warteschlange warten, sind seither vielleicht schon gesendet worden, für {pools}',
  'their custom statements would write them a second time; --again sends them all the same, without --queue the queue stays as it is':
    'Deren eigene Statements würden sie ein zweites Mal schreiben; --again sendet sie trotzdem, ohne --queue bleibt die Warteschlange, wie sie ist.',
  'what it holds as the queue is none, or damaged': 'Was sie als Warteschlange enthält, ist keine, oder beschädigt.',
  "the backup can't be written: {why}": 'Die Sicherung lässt sich nicht schreiben: {why}',
  'another backup is being made, brought or restored':
    'Eine andere Sicherung wird gerade angelegt, gebracht oder zurückgespielt.',
  '{path}: the configuration has more than a backup may hold':
    '{path}: Die Konfiguration hat mehr, als eine Sicherung enthalten darf.',
  '{files} files, {fileBytes} bytes each, {bytes} in all': '{files} Dateien, jede {fileBytes} Bytes, zusammen {bytes}.',
  'it has no {file}': 'Sie hat kein {file}.',
  'it is of another version of Holdfast': 'Sie ist von einer anderen Version von Holdfast.',
  'expected a backup, as {type}': 'Erwartet wird eine Sicherung als {type}.',
  'copies of the databases need {bytes} bytes for a while, {room} are free':
    'Kopien der Datenbanken brauchen eine Zeit lang {bytes} Bytes, {room} sind frei.',
  '{folder} is the shipped configuration itself': '{folder} ist die ausgelieferte Konfiguration selbst.',
  'in a clone git knows what it was: git checkout etc': 'In einem Clone weiß git, was es war: git checkout etc',
  "{folder} can't be written: {why}": '{folder} lässt sich nicht schreiben: {why}',
  'the factory reset is not done yet: {why}': 'Das Zurücksetzen ist noch nicht fertig: {why}',
  'each start tries it again; without {note} none does': 'Jeder Start versucht es wieder; ohne {note} keiner.',
  "the machine can't be started anew from here ({why})": 'Die Maschine lässt sich von hier nicht neu starten ({why}).',
  '`restart` starts the gateway anew; for the machine its owner has to allow org.freedesktop.login1.reboot to this user':
    '`restart` startet das Gateway neu; für die Maschine muss ihr Besitzer diesem Benutzer org.freedesktop.login1.reboot erlauben.',
  "the certificate can't be kept in {folder}: {why}": 'Das Zertifikat lässt sich nicht in {folder} aufheben: {why}',
  'the disk of the data folder {folder} is full': 'Der Datenträger des Datenordners {folder} ist voll.',
  'free some megabytes on it': 'Machen Sie einige Megabyte darauf frei.',
  'the data folder {folder} {why}': 'Der Datenordner {folder} {why}',
  'is not a folder': 'ist kein Ordner.',
  'cannot be written ({code})': 'lässt sich nicht beschreiben ({code}).',
  'name a folder that this user may write with --data, on a disk that is mounted for writing':
    'Nennen Sie mit --data einen Ordner, den dieser Benutzer beschreiben darf, auf einem beschreibbar eingehängten Datenträger.',

  // the page itself
  'who are you?': 'Wer sind Sie?',
  'log in by POST /api/v1/session, or send a token: `Authorization: Bearer …`':
    'Melden Sie sich an; Programme senden ein Token: `Authorization: Bearer …`',
  '{who} may only read': '{who} darf nur lesen.',
  'your login is too long ago for this': 'Ihre Anmeldung liegt dafür zu lange zurück.',
  'log out and in again': 'Melden Sie sich ab und wieder an.',
  'there is no such token': 'Es gibt kein solches Token.',
  '`tokens` lists those that there are': '`tokens` zeigt, welche es gibt.',
  'a token has no password': 'Ein Token hat kein Passwort.',
  'more than one Host': 'Mehr als ein Host.',
  'this gateway is not called so': 'So heißt dieses Gateway nicht.',
  'use its address, or name it in web.hosts': 'Nehmen Sie seine Adresse, oder nennen Sie den Namen in web.hosts.',
  'this request comes from the page of another site': 'Diese Anfrage kommt von der Seite einer anderen Website.',
  'a request with a cookie needs the header Origin': 'Eine Anfrage mit Cookie braucht den Header Origin.',
  'programs use a token: `Authorization: Bearer …`': 'Programme nehmen ein Token: `Authorization: Bearer …`',
  'there are {count} readers of events already': 'Es gibt schon {count} Leser von Ereignissen.',
  'close some pages': 'Schließen Sie einige Seiten.',
  'the page is not built': 'Die Seite ist nicht gebaut.',
  '/openapi.json describes the API': '/openapi.json beschreibt die API.',
  'there is no {method} {path}': '{method} {path} gibt es nicht.',
  "'{command}' changes something": '„{command}“ ändert etwas.',
  "'{key}' stands behind the ?; of a POST it belongs into the body":
    '„{key}“ steht hinter dem ?; bei POST gehört es in den Body.',
  'expected a JSON object in the body': 'Im Body wird ein JSON-Objekt erwartet.',
  'words: expected a list of texts, the last one as far as it is typed':
    'words: Erwartet wird eine Liste von Texten, der letzte, so weit er getippt ist.',
  '{word}: expected a text': '{word}: Erwartet wird ein Text.',

  // words of commands
  'which command?': 'Welcher Befehl?',
  "there is no command '{words}'": 'Es gibt keinen Befehl „{words}“.',
  'commands: {names}': 'Befehle: {names}',
  "did you mean '{near}'? {commands}": 'Meinten Sie „{near}“? {commands}',
  'unknown option {option}': 'Unbekannte Option {option}.',
  'unknown option {option}; did you mean {near}?': 'Unbekannte Option {option}; meinten Sie {near}?',
  '{option} takes no value': '{option} nimmt keinen Wert.',
  '{label} is asked for, and does not stand on the line': 'Nach {label} wird gefragt; es steht nicht in der Zeile.',
  '{usage}; its first line of input, where there is no terminal':
    '{usage}; die erste Zeile der Eingabe, wo kein Terminal ist.',
  "'{command}' takes no arguments": '„{command}“ nimmt keine Argumente.',
  "one word too many: '{word}'": 'Ein Wort zu viel: „{word}“',
  "'{command}' has no parameter '{key}'; it has {keys}": '„{command}“ hat keinen Parameter „{key}“; es hat {keys}.',
  "nothing follows '{command}'": 'Auf „{command}“ folgt nichts.',
}
