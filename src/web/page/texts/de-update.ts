// Updates: what they will do and did, what is refused, and what to do about it; in German.

import type { Sentences } from './translator.ts'

export const DE_UPDATE: Sentences = {
  "a bundle's file": 'die Datei eines Bundles',

  // how a newer version comes
  '`update install FILE` with a newer bundle, then `reboot`; the version before it stays in the other slot.':
    '`update install FILE` mit einem neueren Bundle, dann `reboot`; die Version davor bleibt auf dem anderen Platz.',
  '`apt install ./holdfast_….deb` with the newer package.': '`apt install ./holdfast_….deb` mit dem neueren Paket.',
  'What you have changed in /etc/holdfast stays, and what waits goes on.':
    'Was Sie in /etc/holdfast geändert haben, bleibt, und was wartet, geht weiter.',
  'Move (mv) the newer file to where the program is, then `restart`.':
    'Legen Sie die neuere Datei mit mv dorthin, wo das Programm ist, dann Neustart.',
  '`git pull` in the folder of the program, then `npm start` anew.':
    '`git pull` im Ordner des Programms, dann `npm start` von neuem.',
  'Configuration and data stay, and what waits goes on.':
    'Konfiguration und Daten bleiben, und was wartet, geht weiter.',
  'Holdfast {version} ({commit}, {target}), {installed}: {program}':
    'Holdfast {version} ({commit}, {target}), {installed}: {program}',
  ', runs': ', läuft',
  ', starts next': ', startet als Nächstes',
  'slot {slot}: {version}, {state}': 'Platz {slot}: {version}, {state}',
  'installed {at}': 'installiert {at}',
  'The version that runs is on trial: `update confirm` keeps it, `update rollback` takes it back.':
    'Die Version, die läuft, ist auf Probe: `update confirm` behält sie, `update rollback` nimmt sie zurück.',
  'An update is being installed: {percent} %, {step}': 'Eine Aktualisierung wird installiert: {percent} %, {step}',
  'The last update failed: {why}': 'Die letzte Aktualisierung ist gescheitert: {why}',
  '{file} waits for `update install {name}`.': '{file} wartet auf `update install {name}`.',

  // install, confirm, roll back
  'Writes {version}, for {device}, to slot {slot}.': 'Schreibt {version}, für {device}, auf Platz {slot}.',
  '{word}, in place of {version}': '{word}, an Stelle von {version}',
  'Slot {slot} goes on running, and stays the way back.': 'Platz {slot} läuft weiter und bleibt der Weg zurück.',
  'What waits in the queue is not touched.': 'Was in der Warteschlange wartet, bleibt unberührt.',
  '{version} is being written to slot {slot}. `update status` shows how far it is.':
    '{version} wird auf Platz {slot} geschrieben. `update status` zeigt, wie weit sie ist.',
  'Tells the boot loader that the slot that runs is good.':
    'Sagt dem Bootloader, dass der Platz, der läuft, in Ordnung ist.',
  'Its trial ends.': 'Seine Probe endet.',
  'The boot loader knows {slot} as good: it is on trial no more.':
    'Der Bootloader kennt {slot} als gut: Die Probe ist vorbei.',
  'Lets the next reboot start {slot}.': 'Lässt beim nächsten Neustart der Maschine {slot} starten.',
  'The next `reboot` starts {slot}.': 'Beim nächsten Neustart der Maschine startet {slot}.',
  'slot {slot}': 'Platz {slot}',
  '{version} is installed: `reboot` starts it, on trial until it is confirmed':
    '{version} ist installiert: Ein Neustart der Maschine startet sie, auf Probe, bis sie bestätigt ist.',

  // refused
  'the installation of {version} was interrupted': 'Die Installation von {version} wurde unterbrochen.',
  'an update is being installed': 'Eine Aktualisierung wird gerade installiert.',
  'an update is being installed already': 'Eine Aktualisierung wird schon installiert.',
  '`update status` shows how far it is': '`update status` zeigt, wie weit sie ist.',
  'another bundle is being brought': 'Ein anderes Bundle wird gerade gebracht.',
  'these bytes begin at {from}; expected are those from {next} on':
    'Diese Bytes beginnen bei {from}; erwartet werden die ab {next}.',
  'it did not come whole: {why}': 'Es kam nicht ganz an: {why}',
  '{bytes} bytes are to come, and {room} are free': '{bytes} Bytes kommen noch, und {room} sind frei.',
  "the queue's reserve is not given away; `storage` shows the disk, `backups` what could go from it":
    'Die Reserve der Warteschlange wird nicht hergegeben; unter System stehen der Speicher und die Sicherungen, die gehen könnten.',
  'a bundle has at most {bytes} bytes, not {more}': 'Ein Bundle hat höchstens {bytes} Bytes, nicht {more}.',
  '{file} is not here': '{file} ist nicht hier.',
  'a bundle, as {type}': 'ein Bundle, als {type}',
  "'bytes FIRST-LAST/TOTAL'": "'bytes FIRST-LAST/TOTAL'",
  'more than {bytes} bytes came': 'Es kamen mehr als {bytes} Bytes.',
  "{file} can't be read: {why}": '{file} lässt sich nicht lesen: {why}',
  'a name without a folder is a bundle that was brought over the network; any other the gateway reads as its own user':
    'Ein Name ohne Ordner ist ein Bundle, das über das Netz gebracht wurde; jedes andere liest das Gateway unter seinem eigenen Benutzer.',
  'a bundle without a version': 'ein Bundle ohne Version',
  'what is known of updates is not noted: {why}': 'Was von Aktualisierungen bekannt ist, ist nicht vermerkt: {why}',
  "the gateway can't have {file} for itself alone: {why}": 'Das Gateway kann {file} nicht für sich allein haben: {why}',
  'when nobody else has it open; one that is not of the format verity must be a file of its user, too':
    'Wenn sonst niemand sie geöffnet hat; eine, die nicht das Format verity hat, muss auch eine Datei seines Benutzers sein.',
  '{file} is damaged, or signed by nobody whom this device knows: {why}':
    '{file} ist beschädigt, oder von niemandem signiert, den dieses Gerät kennt: {why}',
  'fetch it anew, compare its sum, and see that it is one for this device':
    'Holen Sie sie neu, vergleichen Sie ihre Summe, und sehen Sie nach, ob sie für dieses Gerät ist.',
  '{file} is no bundle, or not whole: {why}': '{file} ist kein Bundle, oder nicht ganz: {why}',
  'expected a file of RAUC, NAME.raucb; fetch it anew':
    'Erwartet wird eine Datei von RAUC, NAME.raucb; holen Sie sie neu.',
  'RAUC, which updates this device, did not do it: {why}':
    'RAUC, das dieses Gerät aktualisiert, hat es nicht getan: {why}',
  '`systemctl status rauc` on the device says more': '`systemctl status rauc` auf dem Gerät sagt mehr.',
  'the version that runs is on trial, and slot {slot} is the way back':
    'Die Version, die läuft, ist auf Probe, und Platz {slot} ist der Weg zurück.',
  '`update confirm` ends the trial; then that may be written':
    '`update confirm` beendet die Probe; dann darf er geschrieben werden.',
  "{file} is for '{other}', and this device is a '{device}'":
    '{file} ist für „{other}“, und dieses Gerät ist ein „{device}“.',
  'fetch the bundle for this device': 'Holen Sie das Bundle für dieses Gerät.',
  'the version that runs stays': 'Die Version, die läuft, bleibt.',
  "slot {slot} can't be started: it is {state}": 'Platz {slot} lässt sich nicht starten: Er ist {state}.',
  'never installed': 'nie installiert',
  unfinished: 'nicht fertig geschrieben',
  bad: 'schlecht',
  'the version that runs stays; `update install FILE` puts another into that slot':
    'Die Version, die läuft, bleibt; `update install FILE` legt eine andere auf diesen Platz.',
  "this gateway came as {kind}: it can't put a newer one in its own place":
    'Dieses Gateway kam als {kind}: Es kann kein neueres an seine Stelle setzen.',
  'a package': 'Paket',
  'a binary': 'Programmdatei',
  sources: 'Quellen',
  'the system that runs is in none of the slots that the boot loader chooses from':
    'Das laufende System ist in keinem der Plätze, aus denen der Bootloader wählt.',
  'start the device from its own card': 'Starten Sie das Gerät von seiner eigenen Karte.',
}
