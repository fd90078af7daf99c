// What the keys of a configuration are for, in German.

export const DE_KEYS: Readonly<Record<string, string>> = {
  'Name of this gateway in the databases and in $SYS': 'Name dieses Gateways in den Datenbanken und in $SYS',

  // listeners
  'Where to listen': 'Wo gelauscht wird',
  'Clients that the listener serves at a time': 'Clients, die der Listener gleichzeitig bedient',
  'Certificate to show to clients': 'Zertifikat, das Clients gezeigt wird',
  'Its private key': 'Sein privater Schlüssel',
  'Password of keyfile, if it has one': 'Passwort von keyfile, falls es eines hat',
  "Certificates that sign clients' certificates": 'Zertifikate, mit denen die der Clients unterschrieben sind',
  'Refuse a client without a certificate signed by cafile':
    'Einen Client abweisen, der kein von cafile unterschriebenes Zertifikat hat',
  "The CN of a client's certificate is its user name, and needs no password; goes with verify = on":
    'Der CN des Client-Zertifikats ist der Benutzername und braucht kein Passwort; verlangt verify = on',
  'Oldest version of TLS': 'Älteste zugelassene TLS-Version',
  "OpenSSL's list of cipher suites, for clients that know only weaker ones":
    'Cipher-Liste in der Schreibweise von OpenSSL, für Clients, die nur schwächere kennen',
  'Path of the URL': 'Pfad der URL',
  'Pages whose scripts may connect, as the browser names their origin, by comma; * for all':
    'Seiten, deren Skripte sich verbinden dürfen, so wie der Browser ihre Herkunft (Origin) nennt, mit Komma getrennt; * für alle',

  // mqtt
  'Clients at a time, over all listeners': 'Gleichzeitige Clients über alle Listener',
  "Longest wait for a client's CONNECT, and for the handshakes of TLS and WebSocket before it":
    'Wie lange höchstens auf das CONNECT eines Clients gewartet wird, TLS- und WebSocket-Handshake davor eingerechnet',
  'Largest packet that a client may send': 'Größtes Paket, das ein Client senden darf',
  'Packets that have begun to come and are not complete, of all clients together':
    'Angefangene, noch unvollständige Pakete aller Clients zusammen',
  'Longest client id, in bytes': 'Längste Client-Id, in Bytes',
  'Messages on their way to one subscriber that it has not acknowledged yet':
    'Nachrichten, die zu einem Abonnenten unterwegs sind, ohne dass er sie schon bestätigt hat',
  'Messages kept for one session while its client is away':
    'Nachrichten, die für eine Sitzung verwahrt werden, solange ihr Client abwesend ist',
  'How long a message waits for a session': 'Wie lange eine Nachricht auf eine Sitzung wartet',
  'How long a session without clean start outlives its connection':
    'Wie lange eine Sitzung ohne Clean Start ihre Verbindung überdauert',
  'Sessions without clean start, those whose clients are away included':
    'Sitzungen ohne Clean Start, die abwesender Clients eingerechnet',
  'Filters of one session; further ones are refused': 'Filter einer Sitzung; weitere werden abgelehnt',
  'Most levels of a topic': 'Wie viele Ebenen ein Topic höchstens hat',
  'QoS 2 messages of one publisher that it has not released yet':
    'QoS-2-Nachrichten eines Senders, die er noch nicht freigegeben hat (PUBREL)',
  'Messages a second of one client; a faster one is acknowledged later':
    'Nachrichten je Sekunde von einem Client; wer schneller sendet, bekommt die Bestätigung später',
  'Longest keepalive; a client that asks for a longer one, or for none, gets this one':
    'Längstes Keepalive; ein Client, der ein längeres oder keines will, bekommt dieses',
  'Topics with a retained message; a message of one more is delivered, and not retained':
    'Topics mit Retained-Nachricht; die Nachricht eines weiteren wird zugestellt, aber nicht behalten',
  'Names and payloads of all retained messages, which are held in memory':
    'Namen und Inhalte aller Retained-Nachrichten; sie liegen im Arbeitsspeicher',

  // auth, acl
  'May clients connect without a user name? auto: as long as there are no users':
    'Dürfen sich Clients ohne Benutzernamen verbinden? auto: solange es keine Benutzer gibt',
  'Users and their hashed passwords; `holdfast passwd` writes it':
    'Benutzer und die Hashes ihrer Passwörter; `holdfast passwd` schreibt die Datei',
  'Users by comma who may read $SYS from everywhere': 'Benutzer, mit Komma getrennt, die $SYS von überall lesen dürfen',
  'Wrong passwords for one name from one address before it has to wait; or infinity':
    'Falsche Passwörter für einen Namen von einer Adresse, bevor sie warten muss; oder infinity',
  'Wrong passwords from one address, whatever the names, before it has 10 tries a minute; or infinity':
    'Falsche Passwörter von einer Adresse, gleich für welche Namen, bevor sie nur noch 10 Versuche je Minute hat; oder infinity',
  'Who may publish and subscribe what, as mosquitto writes it: user, topic and pattern lines':
    'Wer was senden und abonnieren darf, in der Schreibweise von mosquitto: Zeilen mit user, topic und pattern',
  'What no line of the acl file names: allow or deny': 'Was keine Zeile der ACL-Datei nennt: allow oder deny',
  'A message that its client may not publish: ignore (it is acknowledged and dropped) or disconnect':
    'Eine Nachricht, die ihr Client nicht senden darf: ignore (sie wird bestätigt und verworfen) oder disconnect',

  // queue, forward
  'Largest size of the queue on disk': 'Größe der Warteschlange auf dem Datenträger, höchstens',
  'Disk space that the queue leaves free': 'Platz auf dem Datenträger, den die Warteschlange frei lässt',
  'When the queue is full: refuse (publishers get no acknowledgement and keep their messages) or drop_oldest':
    'Wenn die Warteschlange voll ist: refuse (Sender bekommen keine Bestätigung und behalten ihre Nachrichten) oder drop_oldest',
  'Longest wait for more messages before a commit: auto, or a duration such as 20ms':
    'Wie lange vor einem Commit höchstens auf weitere Nachrichten gewartet wird: auto, oder eine Dauer wie 20ms',
  'How long messages stay after every database has them, for local reads and for a database that was set back':
    'Wie lange Nachrichten bleiben, wenn alle Datenbanken sie haben: für lokales Lesen und für eine Datenbank, die zurückgesetzt wurde',
  'Most events in one transaction': 'Ereignisse in einer Transaktion, höchstens',
  'Longest wait between two attempts to reach a database':
    'Längste Pause zwischen zwei Versuchen, eine Datenbank zu erreichen',
  'Most events a second to one database': 'Ereignisse je Sekunde an eine Datenbank, höchstens',
  'When to send: always, or local times of day by comma such as 22:00-06:00,12:00-13:00':
    'Wann gesendet wird: always, oder Tageszeiten in Ortszeit, mit Komma getrennt, etwa 22:00-06:00,12:00-13:00',
  'Longest wait for a database when messages are fetched':
    'Wie lange beim Abruf von Nachrichten höchstens auf eine Datenbank gewartet wird',
  'How long rows wait for the right time on a board without a battery clock; 0s never waits':
    'Wie lange Zeilen auf einem Board ohne Batterieuhr auf die richtige Zeit warten; 0s wartet nie',

  // web, console
  'Where the page, its API and metrics listen, or off': 'Wo Seite, API und Metriken lauschen, oder off',
  'TLS of the page: own (a certificate that the gateway makes), files, off, or auto: own, but off on a loopback address':
    'TLS der Seite: own (ein Zertifikat, das das Gateway anlegt), files, off, oder auto: own, aber off auf einer Loopback-Adresse',
  'Certificate of the page, where web.tls = files': 'Zertifikat der Seite, wenn web.tls = files',
  'Names by comma that the page is called by, beside its addresses and the name of the machine':
    'Namen, mit Komma getrennt, unter denen die Seite aufgerufen wird, neben ihren Adressen und dem Namen der Maschine',
  'Serve /metrics: on (to whoever reaches the listener), token (to who has one), or off':
    '/metrics anbieten: on (jedem, der den Listener erreicht), token (wer eines hat), oder off',
  'A session of the page that nobody uses for so long ends':
    'Eine Anmeldung an der Seite, die so lange niemand benutzt, endet',
  'A session of the page ends after so long at the latest':
    'Eine Anmeldung an der Seite endet spätestens nach dieser Zeit',
  'Connections to the page at a time': 'Gleichzeitige Verbindungen zur Seite',
  'Connections to the page from one address at a time': 'Gleichzeitige Verbindungen zur Seite von einer Adresse',
  'Requests to the page a minute from one address; or infinity':
    'Anfragen an die Seite je Minute von einer Adresse; oder infinity',
  'Largest request to the page': 'Größte Anfrage an die Seite',
  'Serial line of the console, such as /dev/ttyGS0, or off': 'Serielle Leitung der Konsole, etwa /dev/ttyGS0, oder off',
  'Its speed': 'Ihre Geschwindigkeit',
  'Who is logged in to the console is logged out after so long without a key; or infinity':
    'Wer an der Konsole angemeldet ist, wird nach so langer Zeit ohne Tastendruck abgemeldet; oder infinity',

  // the gateway itself
  'Longest time to stop in; what does not end by then is cut off':
    'Wie lange das Anhalten höchstens dauert; was bis dahin nicht endet, wird abgebrochen',
  'Versions of the configuration that are kept': 'Versionen der Konfiguration, die aufgehoben werden',
  'One of {words}': 'Eines von {words}',
  'Newest lines of the log that are kept in memory, to be looked at':
    'Neueste Zeilen des Logs, die zum Ansehen im Arbeitsspeicher bleiben',
  'Time between two publications of the figures below $SYS': 'Zeit zwischen zwei Meldungen der Kennzahlen unter $SYS',

  // backends
  'Newest messages that a fetch returns': 'Wie viele der neuesten Nachrichten ein Abruf liefert',
  'Age up to which messages are fetched': 'Alter, bis zu dem Nachrichten abgerufen werden',
  'Addresses of the sentinels, for every pool': 'Adressen der Sentinels, für alle Pools',
  "The sentinels' name of the master, for every pool": 'Name des Masters bei den Sentinels, für alle Pools',
  'User of the sentinels, where they have users': 'Benutzer der Sentinels, wo sie Benutzer haben',
  'Password of the sentinels': 'Passwort der Sentinels',
  'Seconds that a message is kept; 0 or less means 3600':
    'Sekunden, die eine Nachricht aufgehoben wird; 0 oder weniger heißt 3600',
  'single, sentinel or cluster': 'single, sentinel oder cluster',
  'Address; several by comma for sentinel and cluster':
    'Adresse; mehrere, mit Komma getrennt, bei sentinel und cluster',
  "The sentinels' name of the master": 'Name des Masters bei den Sentinels',
  'Connections for reads': 'Verbindungen zum Lesen',
  'Number of the database': 'Nummer der Datenbank',
  'User, where the server has users': 'Benutzer, wo der Server Benutzer hat',
  Password: 'Passwort',
  'Channel on which subscribe and unsubscribe are published':
    'Channel, auf dem subscribe und unsubscribe gemeldet werden',
  'Encrypt the connection': 'Die Verbindung verschlüsseln',
  "Certificates to trust; without it the system's":
    'Zertifikate, denen vertraut wird; ohne den Schlüssel die des Systems',
  'Certificate to show to the server': 'Zertifikat, das dem Server gezeigt wird',
  'Private key of certfile': 'Privater Schlüssel zu certfile',
  "Refuse a server whose certificate isn't trusted": 'Einen Server abweisen, dessen Zertifikat nicht vertraut wird',
  Address: 'Adresse',
  'Connections for reads, beside the one for writes': 'Verbindungen zum Lesen, neben der einen zum Schreiben',
  User: 'Benutzer',
  Database: 'Datenbank',
  'Addresses by comma; the first that takes writes is used':
    'Adressen, mit Komma getrennt; benutzt wird die erste, die Schreiben annimmt',
  "Connections of the driver's pool": 'Verbindungen im Pool des Treibers',
  'Connections beyond it': 'Verbindungen darüber hinaus',
  'How long those stay': 'Wie lange diese bleiben',
  'Time between two looks at those': 'Zeit zwischen zwei Blicken auf diese',
  'Latency within which a member counts as near': 'Latenz, bis zu der ein Mitglied als nah gilt',
  'Longest wait for a connection': 'Längste Wartezeit auf eine Verbindung',
  'Longest wait for an answer': 'Längste Wartezeit auf eine Antwort',
  'Longest wait for a member to talk to': 'Längste Wartezeit auf ein Mitglied, das ansprechbar ist',
  'Longest wait for a free connection': 'Längste Wartezeit auf eine freie Verbindung',
  'Time between two looks at the members': 'Zeit zwischen zwei Blicken auf die Mitglieder',
  'The same, at least': 'Dasselbe, mindestens',
  'single, unknown, sharded or rs (replica set)': 'single, unknown, sharded oder rs (Replica Set)',
  'Name of the replica set': 'Name des Replica Sets',
  'Is the server a name with SRV and TXT records?': 'Ist der Server ein Name mit SRV- und TXT-Einträgen?',
  'Addresses by comma': 'Adressen, mit Komma getrennt',
  Connections: 'Verbindungen',
  'Database that knows the user, where it is another one': 'Datenbank, die den Benutzer kennt, wenn es eine andere ist',
  'Wait until a write is confirmed (safe) or not': 'Warten, bis ein Schreiben bestätigt ist (safe), oder nicht',
  'Read from the master only, or from any member': 'Nur vom Master lesen, oder von jedem Mitglied',
  'As in EMQX; Holdfast always reconnects': 'Wie in EMQX; Holdfast verbindet sich immer neu',
  Keyspace: 'Keyspace',
  'As in EMQX; log.level of the gateway counts': 'Wie in EMQX; es gilt log.level des Gateways',
  Region: 'Region',
  "Address as a URL; without it the region's own": 'Adresse als URL; ohne sie die der Region',
  "Region, where it is not the plugin's": 'Region, wenn es nicht die des Plugins ist',
  'Id of the access key': 'Id des Zugangsschlüssels',
  'The access key': 'Der Zugangsschlüssel',
  'File, below the data folder': 'Datei, unter dem Datenordner',
  'As with the other backends; an embedded file needs none':
    'Wie bei den anderen Backends; eine eingebaute Datei braucht keine',
}
