// What the gateway says, in German: its own sentences, with {names} in the place of what differs, and parts of them. What is not
// here is shown as it is.

export const DE_SAID: Readonly<Record<string, string>> = {
  // pools and the queue
  'Sends nothing more to {pool} until it is resumed or the gateway starts again; events wait in the queue.':
    'Sendet nichts mehr an {pool}, bis es fortgesetzt wird oder das Gateway neu startet; Ereignisse warten in der Warteschlange.',
  '{pool} is paused; events wait in the queue.': '{pool} ist angehalten; Ereignisse warten in der Warteschlange.',
  'Lets {pool} go on sending what waits.': 'Lässt {pool} weiter senden, was wartet.',
  '{pool} goes on.': '{pool} macht weiter.',
  'Makes the tables that {pool} needs on its server, where they are missing; what is there stays.':
    'Legt auf dem Server die Tabellen an, die {pool} braucht und die fehlen; was da ist, bleibt.',
  'The tables of {pool} are there.': 'Die Tabellen von {pool} sind da.',
  'Gives up what waits for {pool} up to event {seq}: it will never be in that database.':
    'Gibt auf, was bis Ereignis {seq} auf {pool} wartet: Es wird nie in dieser Datenbank sein.',
  'Puts {letters} behind what waits in its lane, to be sent once more.':
    'Stellt {letters} hinten an, zum nochmaligen Senden.',
  '{letters} behind what waits in the lane.': '{letters} hinten angestellt.',
  'Forgets {letters}: it will never be in its database.': 'Verwirft {letters}: Das kommt nie in seine Datenbank.',
  '{letters} forgotten.': '{letters} verworfen.',
  'dead letter {id}': 'den unzustellbaren Eintrag {id}',
  'all {count} dead letters': 'alle {count} unzustellbaren Einträge',
  '1 dead letter is': '1 Eintrag ist',
  '{count} dead letters are': '{count} Einträge sind',

  'What waited for {pool} up to event {seq} is given up.': 'Was bis Ereignis {seq} auf {pool} wartete, ist aufgegeben.',

  // clients
  'Closes the connection of {client}.': 'Trennt die Verbindung von {client}.',
  'Its session stays, and it may connect again at once.':
    'Die Sitzung bleibt, und der Client darf sich sofort wieder verbinden.',
  'The connection of {client} is closed.': 'Die Verbindung von {client} ist getrennt.',
  'Drops the session of {client}, with its subscriptions ({subscriptions}) and the messages that wait for it ({waiting}).':
    'Verwirft die Sitzung von {client} mit ihren Abonnements ({subscriptions}) und den Nachrichten, die auf sie warten ({waiting}).',
  'When it comes back it begins anew.': 'Kommt der Client wieder, beginnt er neu.',
  'Databases get every message all the same.': 'Datenbanken bekommen trotzdem jede Nachricht.',

  'The session of {client} is gone, with its subscriptions ({subscriptions}) and the messages that waited for it ({waiting}).':
    'Die Sitzung von {client} ist weg, mit ihren Abonnements ({subscriptions}) und den Nachrichten, die auf sie warteten ({waiting}).',

  // configuration
  'Nothing changes before it is committed.': 'Nichts ändert sich, bevor es übernommen wird.',
  'Sets {key} in the candidate.': 'Setzt {key} im Entwurf.',
  'Takes {key} out of the candidate.': 'Nimmt {key} aus dem Entwurf.',
  'Puts {file} into the candidate.': 'Legt {file} in den Entwurf.',
  'Makes the candidate what version {version} was.': 'Macht den Entwurf zu dem, was Version {version} war.',
  'Commits.': 'Übernimmt.',
  '{key} changes.': '{key} ändert sich.',
  '{key} counts from the next start on.': '{key} gilt ab dem nächsten Start.',
  'Access rules change.': 'Zugriffsregeln ändern sich.',
  'Pool {pool} is new.': 'Pool {pool} ist neu.',
  'Pool {pool} is gone.': 'Pool {pool} entfällt.',
  'Pool {pool} is connected anew; what waits for it goes to where it leads then.':
    'Pool {pool} wird neu verbunden; was auf ihn wartet, geht dorthin, wohin er dann führt.',
  'Pool {pool} is {state}.': 'Pool {pool} ist {state}.',
  up: 'erreichbar',
  down: 'nicht erreichbar',
  blocked: 'blockiert',
  'Hooks: {after} in place of {before}.': 'Hooks: {after} statt {before}.',
  'Listener {name} opens.': 'Listener {name} wird geöffnet.',
  'Listener {name} opens anew: its clients are disconnected and may connect again.':
    'Listener {name} wird neu geöffnet: Seine Clients werden getrennt und dürfen sich wieder verbinden.',
  'Listener {name} closes: its clients are disconnected, their sessions stay.':
    'Listener {name} wird geschlossen: Seine Clients werden getrennt, ihre Sitzungen bleiben.',
  'The page opens anew; logins go on.': 'Die Seite wird neu geöffnet; Anmeldungen gelten weiter.',
  'Takes it back after {seconds} s unless it is confirmed.':
    'Nimmt es nach {seconds} s zurück, wenn es nicht bestätigt wird.',
  'It is taken back in {seconds} s unless `config confirm` comes.':
    'Es wird in {seconds} s zurückgenommen, wenn Sie es nicht bestätigen.',
  'Version {version} runs.': 'Version {version} läuft.',
  'Keeps what was committed last.': 'Behält, was zuletzt übernommen wurde.',
  'Version {version} stays.': 'Version {version} bleibt.',
  'Takes back what was committed last.': 'Nimmt zurück, was zuletzt übernommen wurde.',
  'Version {version} runs again.': 'Version {version} läuft wieder.',
  'Drops what was edited and not committed.': 'Verwirft, was geändert und nicht übernommen wurde.',
  'The candidate is gone.': 'Der Entwurf ist weg.',
  'Loads {plugin}: its hooks run from now on, and its pools are connected.':
    'Lädt {plugin}: Seine Hooks laufen ab jetzt, und seine Pools werden verbunden.',
  'Unloads {plugin}: its hooks run no more.': 'Entlädt {plugin}: Seine Hooks laufen nicht mehr.',
  'What waits for its pools stays, and waits.': 'Was auf seine Pools wartet, bleibt und wartet.',

  'Reads all files of plugins again, and runs by them.': 'Liest alle Dateien von Plugins neu und läuft danach.',
  'no difference': 'kein Unterschied',
  'A commit may be made.': 'Es kann übernommen werden.',
  'A commit is refused for {count} of these.': 'Wegen {count} davon wird es nicht übernommen.',
  'There was no candidate.': 'Es gab keinen Entwurf.',
  '{files} in the candidate, revision {revision}. `config commit` takes it up.':
    '{files} im Entwurf, Revision {revision}. Es gilt, wenn er übernommen ist.',
  Nothing: 'Nichts',
  'Up to {events} events wait for {pool}: say --pending drain, drop or keep.':
    'Bis zu {events} Ereignisse warten auf {pool}: Wählen Sie, was aus ihnen wird (drain, drop oder keep).',
  'The console on the serial line opens anew.': 'Die Konsole auf der seriellen Leitung wird neu geöffnet.',
  'Listener {name} has other max_connections.': 'Listener {name} hat andere max_connections.',

  // users, operators, tokens
  'Adds the user {name}.': 'Legt den Benutzer {name} an.',
  'It is the first one: clients without a name are let in no more, and those that are connected are ended.':
    'Es ist der erste: Clients ohne Namen werden nicht mehr eingelassen, und verbundene werden getrennt.',
  '{name} may connect.': '{name} darf sich verbinden.',
  'Nobody was disconnected.': 'Niemand wurde getrennt.',
  '{count} {clients} disconnected.': '{count} {clients} getrennt.',
  'client was': 'Client wurde',
  'clients were': 'Clients wurden',
  'Sets another password for {name}.': 'Setzt ein anderes Passwort für {name}.',
  'Clients that the former one let in are disconnected.': 'Clients, die mit dem bisherigen kamen, werden getrennt.',
  '{name} has another password.': '{name} hat ein anderes Passwort.',
  'Takes the user {name} away.': 'Entfernt den Benutzer {name}.',
  'Clients that it let in are disconnected; their sessions stay.':
    'Seine Clients werden getrennt; ihre Sitzungen bleiben.',
  '{name} is no user any more.': '{name} ist kein Benutzer mehr.',
  'Puts a rule into the candidate: {access} {filter}, for {whom}.':
    'Legt eine Regel in den Entwurf: {access} {filter}, für {whom}.',
  'Sets another password for {name}, and ends the sessions of {same}.':
    'Setzt ein anderes Passwort für {name} und beendet dessen Anmeldungen.',
  'Adds the operator {name}, who may do everything that you may.':
    'Legt das Konto {name} an, das alles darf, was Sie dürfen.',
  '{name} may log in with this password.': '{name} darf sich mit diesem Passwort anmelden.',
  'Takes the operator {name} away, and ends the sessions of {same}.':
    'Entfernt das Konto {name} und beendet dessen Anmeldungen.',
  '{name} is no operator any more.': '{name} hat kein Konto mehr.',
  'Makes a token for {name}: whoever has it may {what}.': 'Legt ein Token für {name} an: Wer es hat, darf {what}.',
  'read everything': 'alles lesen',
  'do everything that you may': 'alles, was Sie dürfen',
  'Takes the token {name} back: its program is let in no more.':
    'Nimmt das Token {name} zurück: Sein Programm wird nicht mehr eingelassen.',
  'Logs {login} out.': 'Meldet {login} ab.',
  'Reads users, access rules and certificates again.': 'Liest Benutzer, Zugriffsregeln und Zertifikate neu.',
  'Clients that would not be let in any more are disconnected; all others stay.':
    'Clients, die nicht mehr eingelassen würden, werden getrennt; alle anderen bleiben.',
  'Logs {level} and above until the next start.': 'Schreibt {level} und höher ins Log, bis zum nächsten Start.',

  'It is the last one: clients without a name are let in again (auth.anonymous = auto).':
    'Es ist der letzte: Clients ohne Namen werden wieder eingelassen (auth.anonymous = auto).',
  'Lines of the rules file that name it stay.': 'Zeilen der Regeldatei, die ihn nennen, bleiben.',
  'Takes line {line} out of the candidate: {rule}.': 'Nimmt Zeile {line} aus dem Entwurf: {rule}.',
  everybody: 'alle',
  'clients without a name': 'Clients ohne Namen',
  'It may.': 'Er darf.',
  'It may not.': 'Er darf nicht.',
  'The token {name} is worth nothing any more.': 'Das Token {name} gilt nicht mehr.',
  'Logs everybody out, also you.': 'Meldet alle ab, auch Sie.',
  '1 login has ended.': '1 Anmeldung ist beendet.',
  '{count} logins have ended.': '{count} Anmeldungen sind beendet.',
  'nothing yet': 'noch nichts',
  'Changes nothing: says the level.': 'Ändert nichts: sagt die Stufe.',

  // backup, restart
  'Writes {file}.': 'Schreibt {file}.',
  'a file in backups/ of the data folder': 'eine Datei in backups/ des Datenordners',
  'Whoever can read it has the passwords and keys of this gateway.':
    'Wer sie lesen kann, hat die Passwörter und Schlüssel dieses Gateways.',
  'Keep it safe: passwords and keys are in it.': 'Verwahren Sie sie gut: Passwörter und Schlüssel sind darin.',
  'Not in it, since they are links to folders: {names}.':
    'Nicht darin, weil es Verknüpfungen zu Ordnern sind: {names}.',
  '{files} files, {bytes} bytes.': '{files} Dateien, {bytes} Bytes.',
  'Removes the backup {file}.': 'Entfernt die Sicherung {file}.',
  '{file} is gone.': '{file} ist weg.',
  'Makes configuration, users, operators, tokens and certificates those of {node} on {at} (Holdfast {version}).':
    'Macht Konfiguration, Benutzer, Konten, Token und Zertifikate zu denen von {node} am {at} (Holdfast {version}).',
  'Accounts that are not in it are gone.': 'Konten, die nicht darin sind, entfallen.',
  'There are no operators in it: those here stay.': 'Konten sind nicht darin: Die hiesigen bleiben.',
  'The backup of {node}, {at}, is back.': 'Die Sicherung von {node}, {at}, ist zurück.',
  'There is a queue in it, too, which --queue restores.':
    'Eine Warteschlange ist auch darin; das Häkchen unten nimmt sie dazu.',
  'At the next start its queue, sessions, retained messages and embedded databases take the place of those here, which go to `replaced` for 30 days; what an earlier restore left there is removed.':
    'Beim nächsten Start treten deren Warteschlange, Sitzungen, Retained-Nachrichten und eingebaute Datenbanken an die Stelle der hiesigen, die für 30 Tage nach `replaced` kommen; was eine frühere Rückspielung dort ließ, wird entfernt.',
  '{databases} of it count from the next start on: `restart`.':
    '{databases} daraus gelten ab dem nächsten Start (System, Neustart).',
  'What there was: {file}': 'Was vorher war: {file}',
  'Stops the gateway and starts it anew.': 'Hält das Gateway an und startet es neu.',
  'Clients are disconnected for some seconds; their sessions stay.':
    'Clients sind einige Sekunden getrennt; ihre Sitzungen bleiben.',
  'The gateway starts anew.': 'Das Gateway startet neu.',
  'Starts the machine anew, with everything that runs on it.': 'Startet die Maschine neu, mit allem, was darauf läuft.',
  'What was acknowledged is on the disk.': 'Was bestätigt wurde, ist auf dem Datenträger.',
  'The machine starts anew.': 'Die Maschine startet neu.',
  'Then the gateway starts anew as it was shipped, and shows a one-time code for the first account.':
    'Dann startet das Gateway neu wie ausgeliefert und zeigt einen Einmalcode für das erste Konto.',

  'Version {version} is not confirmed, and is taken back by that.':
    'Version {version} ist nicht bestätigt und wird dadurch zurückgenommen.',
  'Removes the configuration ({files} files), users, operators, tokens, certificates, {backups} backups.':
    'Entfernt die Konfiguration ({files} Dateien), Benutzer, Konten, Token, Zertifikate und {backups} Sicherungen.',
  '{verb} the queue (waiting at most: {waiting}), {sessions} sessions, retained messages.':
    '{verb} die Warteschlange (wartend höchstens: {waiting}), {sessions} Sitzungen und Retained-Nachrichten.',
  '{verb} the embedded databases {names}.': '{verb} die eingebauten Datenbanken {names}.',
  Keeps: 'Behält',
  Removes: 'Entfernt',
  nothing: 'nichts',
  'With --keep-queue what waits and is stored stays.': 'Mit dem Häkchen oben bleibt, was wartet und gespeichert ist.',
  'Everything goes but the queue; the gateway starts anew as it was shipped.':
    'Alles bis auf die Warteschlange entfällt; das Gateway startet neu wie ausgeliefert.',
  'Everything goes; the gateway starts anew as it was shipped.':
    'Alles entfällt; das Gateway startet neu wie ausgeliefert.',

  // faults
  'the name or the password is wrong': 'Name oder Passwort ist falsch.',
  'this is not the one-time code': 'Das ist nicht der Einmalcode.',
  "it is in the gateway's log and on its serial line, and another one after each start":
    'Er steht im Log des Gateways und auf seiner seriellen Leitung, nach jedem Start ein anderer.',
  'too many wrong passwords; wait before the next try':
    'Zu viele falsche Passwörter; warten Sie vor dem nächsten Versuch.',
  'each one more makes the wait longer, up to 5 minutes': 'Jedes weitere verlängert die Wartezeit, bis zu 5 Minuten.',
  'a password has at least {least} characters': 'Ein Passwort hat mindestens {least} Zeichen.',
  'a password has at least four different characters': 'Ein Passwort hat mindestens vier verschiedene Zeichen.',
  'a password is more than the names of the account and the gateway':
    'Ein Passwort ist mehr als die Namen von Konto und Gateway.',
  'this password is one of the first that are tried': 'Dieses Passwort wird als eines der ersten probiert.',
  '{who} is the only operator': '{who} ist das einzige Konto.',
  'add another one before': 'Legen Sie vorher ein anderes an.',
  '{who} is changing the configuration': '{who} ändert gerade die Konfiguration.',
  'version {version} waits for its confirmation': 'Version {version} wartet auf ihre Bestätigung.',
  'events wait for what would be gone: {pools}': 'Auf das, was entfiele, warten Ereignisse: {pools}',
  'it is what runs already': 'Es läuft schon so.',
  'it is no backup, or damaged: {why}': 'Es ist keine Sicherung, oder sie ist beschädigt: {why}',
  '{file} is there already': '{file} ist schon da.',
  'choose another name': 'Wählen Sie einen anderen Namen.',
  'there are {count} backups already': 'Es gibt schon {count} Sicherungen.',
}
