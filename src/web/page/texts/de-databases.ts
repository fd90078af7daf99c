// What databases lack, and what to do about it, in German. What a database says itself is shown as it is.

import type { Sentences } from './translator.ts'

export const DE_DATABASES: Sentences = {
  // connections
  'not connected': 'Nicht verbunden.',
  'the connection was closed': 'Die Verbindung wurde geschlossen.',
  'the connection was opened anew': 'Die Verbindung wurde neu geöffnet.',
  'the pool was closed': 'Der Pool wurde geschlossen.',
  'the server closed the connection': 'Der Server hat die Verbindung geschlossen.',
  'the server said nothing for {ms} ms': 'Der Server hat {ms} ms lang nichts gesagt.',
  'the server gave no answer within {ms} ms': 'Der Server hat in {ms} ms nicht geantwortet.',
  '{word} gave no answer within {ms} ms': '{word} hat in {ms} ms nicht geantwortet.',
  'given up before the answer': 'Vor der Antwort aufgegeben.',
  'given up before the connection': 'Vor der Verbindung aufgegeben.',
  'every connection for reads was busy': 'Alle Verbindungen zum Lesen waren belegt.',
  '{server} takes no writes now': '{server} nimmt gerade kein Schreiben an.',
  'the server': 'Der Server',
  '{server} is a replica now': '{server} ist jetzt ein Replikat.',
  'the tables take no more at the moment': 'Die Tabellen nehmen im Augenblick nicht mehr an.',
  'the mark in the remote was moved by somebody else': 'Jemand anders hat die Marke in der Datenbank bewegt.',

  // rights and settings
  "check cafile of the pool, and that the server's certificate names its address":
    'Prüfen Sie cafile des Pools, und ob das Zertifikat des Servers seine Adresse nennt.',
  'the certificate file of the pool is not there': 'Die Zertifikatsdatei des Pools ist nicht da.',
  'the server does not speak TLS: set `ssl = off` or turn it on there':
    'Der Server spricht kein TLS: Setzen Sie `ssl = off`, oder schalten Sie es dort ein.',
  'the server does not speak TLS here: correct `ssl` of the pool':
    'Der Server spricht hier kein TLS: Berichtigen Sie `ssl` des Pools.',
  'does the server speak TLS? set `ssl` of the pool as it is there':
    'Spricht der Server TLS? Setzen Sie `ssl` des Pools so, wie es dort ist.',
  'check username and password of the pool': 'Prüfen Sie username und password des Pools.',
  'check username and password of the pool, and pg_hba.conf of the server':
    'Prüfen Sie username und password des Pools, und pg_hba.conf des Servers.',
  'check user and password of the pool, and from which hosts the server lets the user in':
    'Prüfen Sie user und password des Pools, und von welchen Hosts der Server den Benutzer einlässt.',
  'check login, password and auth_source of the pool (auth_source: the database that knows the user)':
    'Prüfen Sie login, password und auth_source des Pools (auth_source: die Datenbank, die den Benutzer kennt).',
  'check sentinel_username and sentinel_password of the pool':
    'Prüfen Sie sentinel_username und sentinel_password des Pools.',
  'check aws_access_key_id and aws_secret_access_key of the pool':
    'Prüfen Sie aws_access_key_id und aws_secret_access_key des Pools.',
  'set aws_access_key_id and aws_secret_access_key of the pool, or give the machine a role':
    'Setzen Sie aws_access_key_id und aws_secret_access_key des Pools, oder geben Sie der Maschine eine Rolle.',
  'the temporary credentials have expired: renew them':
    'Die befristeten Zugangsdaten sind abgelaufen: Erneuern Sie sie.',
  'the account is not signed up for DynamoDB in this region':
    'Das Konto ist in dieser Region nicht für DynamoDB angemeldet.',
  'grant the user of the pool the right to the table': 'Geben Sie dem Benutzer des Pools das Recht an der Tabelle.',
  'grant the user of the pool the right to `database`': 'Geben Sie dem Benutzer des Pools das Recht an `database`.',
  'grant the user of the pool readWrite on its database':
    'Geben Sie dem Benutzer des Pools readWrite auf seiner Datenbank.',
  'grant the user of the access key the right to the table':
    'Geben Sie dem Benutzer des Zugangsschlüssels das Recht an der Tabelle.',
  'grant the user of the pool the right to the command and to its keys; batches need +evalsha +eval':
    'Geben Sie dem Benutzer des Pools das Recht an dem Befehl und seinen Schlüsseln; Stapel brauchen +evalsha +eval.',
  'the user of the pool has a role that is not there': 'Der Benutzer des Pools hat eine Rolle, die es nicht gibt.',
  'the server refuses this host: grant it access, or `flush hosts` there':
    'Der Server weist diesen Host ab: Geben Sie ihm Zugang, oder führen Sie dort `flush hosts` aus.',
  'correct the keys of the pool': 'Berichtigen Sie die Schlüssel des Pools.',
  'correct `database` of the pool; a cluster has only 0':
    'Berichtigen Sie `database` des Pools; ein Cluster hat nur 0.',
  'the server is no cluster: correct `type` of the pool':
    'Der Server ist kein Cluster: Berichtigen Sie `type` des Pools.',
  'the pool has sentinels, but not their name of the master':
    'Der Pool hat Sentinels, aber nicht ihren Namen für den Master.',
  'set backend.redis.<pool>.sentinel, or backend.redis.sentinel for every pool':
    'Setzen Sie backend.redis.<Pool>.sentinel, oder backend.redis.sentinel für alle Pools.',
  'the server is older than the oldest one that the driver speaks to (MongoDB 4.4)':
    'Der Server ist älter als der älteste, mit dem der Treiber spricht (MongoDB 4.4).',
  'this is a defect of Holdfast: report it with the log; nothing is lost meanwhile':
    'Das ist ein Fehler von Holdfast: Melden Sie ihn mit dem Log; inzwischen geht nichts verloren.',
  "the server can't write its snapshots: look at its log and disk":
    'Der Server kann seine Snapshots nicht schreiben: Sehen Sie nach seinem Log und seinem Datenträger.',
  "the server's memory is full: raise maxmemory there":
    'Der Arbeitsspeicher des Servers ist voll: Erhöhen Sie dort maxmemory.',
  'the server wants more replicas than are connected': 'Der Server verlangt mehr Replikate, als verbunden sind.',
  'raise max_allowed_packet of the server': 'Erhöhen Sie max_allowed_packet des Servers.',
  'the database file is damaged: move it aside, or restore it from a backup; a new one is made by itself':
    'Die Datenbankdatei ist beschädigt: Schieben Sie sie beiseite, oder spielen Sie eine Sicherung zurück; eine neue entsteht von selbst.',
  'check `database` of the pool, and that its folder is there and writable':
    'Prüfen Sie `database` des Pools, und ob sein Ordner da und beschreibbar ist.',
  'give the gateway the right to write the database file':
    'Geben Sie dem Gateway das Recht, die Datenbankdatei zu schreiben.',

  // tables
  'a table is missing': 'Eine Tabelle fehlt.',
  'no such table: {names}': 'Diese Tabelle gibt es nicht: {names}',
  'create the table, or correct the statement': 'Legen Sie die Tabelle an, oder berichtigen Sie die Anweisung.',
  'create the collection, or correct the statement': 'Legen Sie die Collection an, oder berichtigen Sie die Anweisung.',
  'create the database, or correct `database` of the pool':
    'Legen Sie die Datenbank an, oder berichtigen Sie `database` des Pools.',
  'create the schema, or correct search_path of the user':
    'Legen Sie das Schema an, oder berichtigen Sie search_path des Benutzers.',
  'holdfast schema {word} --apply --pool {pool}':
    'Legen Sie die Tabellen an (Pools, Tabellen anlegen), oder: holdfast schema {word} --apply --pool {pool}',
  '{apply}, or correct `keyspace` of the pool': '{apply} – oder berichtigen Sie `keyspace` des Pools.',
  'the table has other keys: see `holdfast schema dynamo`':
    'Die Tabelle hat andere Schlüssel: Sehen Sie `holdfast schema dynamo` an.',
  '{table} has the keys {keys}': '{table} hat die Schlüssel {keys}.',
  'they must be {keys}: delete the table, or use another account or region':
    'Es müssen {keys} sein: Löschen Sie die Tabelle, oder nehmen Sie ein anderes Konto oder eine andere Region.',

  // warnings
  'no right to the table holdfast_mark: messages reach this pool at least once, not exactly once; create it with `holdfast schema {word} --apply` and grant {rights}':
    'Kein Recht an der Tabelle holdfast_mark: Nachrichten kommen bei diesem Pool mindestens einmal an, nicht genau einmal; legen Sie sie mit `holdfast schema {word} --apply` an, und geben Sie {rights}.',
  'no right to the table holdfast_mark: after a lost answer or a crash messages are written once more, which changes nothing, and custom statements run once more; create it with `holdfast schema cassa --apply` and grant select and modify':
    'Kein Recht an der Tabelle holdfast_mark: Nach einer verlorenen Antwort oder einem Absturz werden Nachrichten noch einmal geschrieben, was nichts ändert, und eigene Anweisungen laufen noch einmal; legen Sie sie mit `holdfast schema cassa --apply` an, und geben Sie select und modify.',
  'no right to the keys holdfast_mark:*: messages reach this pool at least once, not exactly once; grant the user ~holdfast_mark:*':
    'Kein Recht an den Schlüsseln holdfast_mark:*: Nachrichten kommen bei diesem Pool mindestens einmal an, nicht genau einmal; geben Sie dem Benutzer ~holdfast_mark:*.',
  'no right to read and write {marks}: messages reach this pool at least once, not exactly once; grant find, insert and update on it':
    'Kein Recht, {marks} zu lesen und zu schreiben: Nachrichten kommen bei diesem Pool mindestens einmal an, nicht genau einmal; geben Sie find, insert und update darauf.',
  'this server is no member of a replica set and has no transactions: each row of a function is there once, by its key; custom actions run at least once':
    'Dieser Server ist kein Mitglied eines Replica Sets und hat keine Transaktionen: Jede Zeile einer Funktion ist durch ihren Schlüssel einmal da; eigene Aktionen laufen mindestens einmal.',
  'a cluster has no transactions over several keys: functions write each row once all the same, custom commands and messages on the channel happen at least once':
    'Ein Cluster hat keine Transaktionen über mehrere Schlüssel: Funktionen schreiben jede Zeile trotzdem einmal, eigene Befehle und Nachrichten auf dem Channel kommen mindestens einmal vor.',
  'a cluster has only database 0: `database` of the pool does not count':
    'Ein Cluster hat nur die Datenbank 0: `database` des Pools zählt nicht.',
  'the server keeps no append-only file: what it has acknowledged may be lost when it dies; set appendonly yes there':
    'Der Server führt keine Append-only-Datei: Was er bestätigt hat, kann bei seinem Absturz verloren gehen; setzen Sie dort appendonly yes.',
  'the server throws keys away when its memory is full, messages and the mark among them; set maxmemory-policy noeviction there':
    'Der Server wirft Schlüssel weg, wenn sein Arbeitsspeicher voll ist, auch Nachrichten und die Marke; setzen Sie dort maxmemory-policy noeviction.',
  '{word}: its engine has no transactions, so rows are written at least once':
    '{word}: Die Engine hat keine Transaktionen, Zeilen werden also mindestens einmal geschrieben.',
  '{word}: these columns hold so much only, longer rows become dead letters: {columns}':
    '{word}: Diese Spalten fassen nur so viel, längere Zeilen werden unzustellbar: {columns}',
  '{word}: these columns hold so many characters only, longer rows become dead letters: {columns}':
    '{word}: Diese Spalten fassen nur so viele Zeichen, längere Zeilen werden unzustellbar: {columns}',
  '{word}: upper and lower case are the same in {columns}': '{word}: Groß und klein sind gleich in {columns}.',
  '{word}: not every character fits, such rows become dead letters (not utf8mb4): {columns}':
    '{word}: Nicht jedes Zeichen passt, solche Zeilen werden unzustellbar (nicht utf8mb4): {columns}',
  '{word} is a 32-bit number: no message can be stored or acknowledged behind its last one':
    '{word} ist eine 32-Bit-Zahl: Hinter ihrer letzten lässt sich keine Nachricht speichern oder bestätigen.',
  'mqtt_msg.id is a 32-bit number: no message can be stored behind 2147483647':
    'mqtt_msg.id ist eine 32-Bit-Zahl: Hinter 2147483647 lässt sich keine Nachricht speichern.',
  'mqtt_msg has no unique index on msgid: finding a message by its id reads the whole table':
    'mqtt_msg hat keinen eindeutigen Index auf msgid: Eine Nachricht nach ihrer Id zu suchen, liest die ganze Tabelle.',
  'mqtt_msg: the unique index on msgid takes upper and lower case for the same, so messages become dead letters: {statement}':
    'mqtt_msg: Der eindeutige Index auf msgid hält groß und klein für gleich, Nachrichten werden also unzustellbar: {statement}',
  'this server has no generated columns (MySQL 5.7 and MariaDB 10.2 have): nothing but the gateway keeps rows of mqtt_client, mqtt_sub, mqtt_retain and mqtt_acked one a key, so two gateways that share them may leave two':
    'Dieser Server hat keine generierten Spalten (MySQL 5.7 und MariaDB 10.2 haben sie): Nur das Gateway hält Zeilen von mqtt_client, mqtt_sub, mqtt_retain und mqtt_acked je Schlüssel einzeln; zwei Gateways, die sie teilen, können zwei hinterlassen.',
  'retain has no payload: retained messages are stored in msg too, and read from there; to keep them apart: {statement}':
    'retain hat kein payload: Retained-Nachrichten werden auch in msg gespeichert und von dort gelesen; um sie zu trennen: {statement}',
  'delivered is not the table of on_message_delivered, which writes nothing: see `holdfast schema cassa`':
    'delivered ist nicht die Tabelle von on_message_delivered, das nichts schreibt: Sehen Sie `holdfast schema cassa` an.',
  '{word} lacks an index on {keys}: {lack}': '{word} fehlt ein Index auf {keys}: {lack}',
  'a fetch reads the whole collection': 'Ein Abruf liest die ganze Collection.',
  "finding a client's state reads the whole collection":
    'Den Zustand eines Clients zu suchen, liest die ganze Collection.',
  'finding a message by its id reads the whole collection':
    'Eine Nachricht nach ihrer Id zu suchen, liest die ganze Collection.',
  'finding a position reads the whole collection': 'Eine Position zu suchen, liest die ganze Collection.',
  'two gateways may retain two messages of one topic':
    'Zwei Gateways können zu einem Topic zwei Retained-Nachrichten behalten.',
}
