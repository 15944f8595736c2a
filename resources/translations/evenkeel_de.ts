<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>Account</name>
    <message>
        <source>All of the account can be traded by the grid; the market is open.</source>
        <translation>Das Grid kann das ganze Konto handeln; der Markt ist offen.</translation>
    </message>
    <message>
        <source>Asset</source>
        <translation>Asset</translation>
    </message>
    <message>
        <source>Cancel the picked order…</source>
        <translation>Gewählte Order stornieren…</translation>
    </message>
    <message>
        <source>Earlier life</source>
        <translation>Früheres Leben</translation>
    </message>
    <message>
        <source>Held by orders</source>
        <translation>Von Orders gehalten</translation>
    </message>
    <message>
        <source>Holds</source>
        <translation>Hält</translation>
    </message>
    <message>
        <source>Not ours</source>
        <translation>Nicht unsere</translation>
    </message>
    <message>
        <source>Nothing is known of the account yet.</source>
        <translation>Vom Konto ist noch nichts bekannt.</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>Order</translation>
    </message>
    <message>
        <source>Orders that are not the grid&apos;s</source>
        <translation>Orders, die nicht vom Grid sind</translation>
    </message>
    <message>
        <source>Orders that are not the grid&apos;s hold {amount} {asset}.</source>
        <translation>Orders, die nicht vom Grid sind, halten {amount} {asset}.</translation>
    </message>
    <message>
        <source>Pair</source>
        <translation>Paar</translation>
    </message>
    <message>
        <source>Price</source>
        <translation>Preis</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>Menge</translation>
    </message>
    <message>
        <source>Side</source>
        <translation>Seite</translation>
    </message>
    <message>
        <source>Since</source>
        <translation>Seit</translation>
    </message>
    <message>
        <source>The account</source>
        <translation>Das Konto</translation>
    </message>
    <message>
        <source>The exchange says of the market: {status}.</source>
        <translation>Die Börse sagt vom Markt: {status}.</translation>
    </message>
    <message>
        <source>The grid&apos;s</source>
        <translation>Vom Grid</translation>
    </message>
    <message>
        <source>Total</source>
        <translation>Summe</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>Wo</translation>
    </message>
    <message>
        <source>Whose</source>
        <translation>Wessen</translation>
    </message>
    <message>
        <source>Yours, of slot {slot}{trade}, since {time}</source>
        <translation>Ihres, aus Slot {slot}{trade}, seit {time}</translation>
    </message>
    <message>
        <source>{amount} {asset} are earning and cannot be traded.</source>
        <translation>{amount} {asset} sind angelegt und können nicht gehandelt werden.</translation>
    </message>
    <message>
        <source>{side} {quantity} at {price} on {pair}, order {order}. It is not the grid&apos;s.</source>
        <translation>{side} {quantity} zu {price} auf {pair}, Order {order}. Sie ist nicht vom Grid.</translation>
    </message>
    <message>
        <source>{wallet} ({code})</source>
        <translation>{wallet} ({code})</translation>
    </message>
</context>
<context>
    <name>Action</name>
    <message>
        <source>Accept and send nothing there; what was sent goes on to its end</source>
        <translation>Dort nichts annehmen und nichts senden; Gesendetes läuft zu Ende</translation>
    </message>
    <message>
        <source>Acknowledge all alerts</source>
        <translation>Alle Alarme quittieren</translation>
    </message>
    <message>
        <source>Alerts</source>
        <translation>Alarme</translation>
    </message>
    <message>
        <source>As CSV, of the plot that has the keyboard, else the first in sight</source>
        <translation>Als CSV, vom Diagramm mit dem Tastaturfokus, sonst vom ersten sichtbaren</translation>
    </message>
    <message>
        <source>As PNG, of the plot that has the keyboard, else the first in sight</source>
        <translation>Als PNG, vom Diagramm mit dem Tastaturfokus, sonst vom ersten sichtbaren</translation>
    </message>
    <message>
        <source>Be somebody else…</source>
        <translation>Jemand anders sein…</translation>
    </message>
    <message>
        <source>Cancel every order and halt; stays so over restarts until a person resumes</source>
        <translation>Alle Orders stornieren und anhalten; bleibt über Neustarts hinweg so, bis ein Mensch fortsetzt</translation>
    </message>
    <message>
        <source>Check the hub&apos;s accounts</source>
        <translation>Konten des Hubs prüfen</translation>
    </message>
    <message>
        <source>Close the panel and the engines in it</source>
        <translation>Das Panel und die Engines darin schließen</translation>
    </message>
    <message>
        <source>Confirm the plan…</source>
        <translation>Plan bestätigen…</translation>
    </message>
    <message>
        <source>Copy the address for wallets</source>
        <translation>Adresse für Wallets kopieren</translation>
    </message>
    <message>
        <source>Copy the explained row of the journal as text</source>
        <translation>Die erklärte Zeile des Journals als Text kopieren</translation>
    </message>
    <message>
        <source>Copy why</source>
        <translation>Begründung kopieren</translation>
    </message>
    <message>
        <source>Dismiss the plan</source>
        <translation>Plan verwerfen</translation>
    </message>
    <message>
        <source>Do not send the picked portfolio&apos;s plan</source>
        <translation>Den Plan des gewählten Portfolios nicht senden</translation>
    </message>
    <message>
        <source>Drift</source>
        <translation>Drift</translation>
    </message>
    <message>
        <source>Every action and its key</source>
        <translation>Jede Aktion und ihre Taste</translation>
    </message>
    <message>
        <source>Every engine at a glance, and what needs attention</source>
        <translation>Alle Engines auf einen Blick und was Aufmerksamkeit braucht</translation>
    </message>
    <message>
        <source>Every option of every engine</source>
        <translation>Jede Option jeder Engine</translation>
    </message>
    <message>
        <source>Export the journal…</source>
        <translation>Journal exportieren…</translation>
    </message>
    <message>
        <source>Find a portfolio</source>
        <translation>Portfolio suchen</translation>
    </message>
    <message>
        <source>Find a setting</source>
        <translation>Einstellung suchen</translation>
    </message>
    <message>
        <source>Find anything…</source>
        <translation>Alles durchsuchen…</translation>
    </message>
    <message>
        <source>Find in the journal</source>
        <translation>Im Journal suchen</translation>
    </message>
    <message>
        <source>First steps…</source>
        <translation>Erste Schritte…</translation>
    </message>
    <message>
        <source>Gas and soft limit, queue, fees, settlements and revenue of the payment hub</source>
        <translation>Gas und weiche Grenze, Warteschlange, Gebühren, Abwicklungen und Ertrag des Payment-Hubs</translation>
    </message>
    <message>
        <source>Go to Drift and search</source>
        <translation>Zu Drift wechseln und suchen</translation>
    </message>
    <message>
        <source>Go to Hub and type an amount</source>
        <translation>Zum Hub wechseln und einen Betrag eingeben</translation>
    </message>
    <message>
        <source>Go to Settings and search</source>
        <translation>Zu den Einstellungen wechseln und suchen</translation>
    </message>
    <message>
        <source>Go to the Journal and type what to look for</source>
        <translation>Zum Journal wechseln und den Suchbegriff eingeben</translation>
    </message>
    <message>
        <source>Go to the first thing that only you can decide</source>
        <translation>Zum ersten gehen, was nur Sie entscheiden können</translation>
    </message>
    <message>
        <source>Governor</source>
        <translation>Governor</translation>
    </message>
    <message>
        <source>Hold every account of the hub against its index now</source>
        <translation>Jetzt jedes Konto des Hubs mit seinem Index abgleichen</translation>
    </message>
    <message>
        <source>Hub</source>
        <translation>Hub</translation>
    </message>
    <message>
        <source>Idle ratio, skew and sizes; the grid&apos;s slots, orders and fills</source>
        <translation>Barquote, Neigung und Größen; Slots, Orders und Fills des Grids</translation>
    </message>
    <message>
        <source>It has nothing to act on now.</source>
        <translation>Dafür gibt es jetzt nichts.</translation>
    </message>
    <message>
        <source>Journal</source>
        <translation>Journal</translation>
    </message>
    <message>
        <source>Keyboard shortcuts…</source>
        <translation>Tastenkürzel…</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>Schlüssel</translation>
    </message>
    <message>
        <source>Keys and addresses in this computer&apos;s keyring</source>
        <translation>Schlüssel und Adressen im Schlüsselbund dieses Rechners</translation>
    </message>
    <message>
        <source>Let something happen at the paper exchange: edits, orders, faults of others</source>
        <translation>Etwas an der Papierbörse geschehen lassen: Änderungen, Orders, Fehler anderer</translation>
    </message>
    <message>
        <source>Let the engines act again; asks you first</source>
        <translation>Die Engines wieder handeln lassen; fragt vorher nach</translation>
    </message>
    <message>
        <source>Let the hub accept and send again; asks you first</source>
        <translation>Den Hub wieder annehmen und senden lassen; fragt vorher nach</translation>
    </message>
    <message>
        <source>Light or dark</source>
        <translation>Hell oder dunkel</translation>
    </message>
    <message>
        <source>List the journal anew</source>
        <translation>Journal neu auflisten</translation>
    </message>
    <message>
        <source>Log, versions, options and stacks without secrets; shown before it is saved</source>
        <translation>Log, Versionen, Optionen und Stacks ohne Geheimnisse; wird vor dem Speichern gezeigt</translation>
    </message>
    <message>
        <source>Look, mode, keys and limits, one after the other</source>
        <translation>Aussehen, Modus, Schlüssel und Grenzen, eins nach dem anderen</translation>
    </message>
    <message>
        <source>Menu of the plot</source>
        <translation>Menü des Diagramms</translation>
    </message>
    <message>
        <source>No session is running yet.</source>
        <translation>Noch läuft keine Sitzung.</translation>
    </message>
    <message>
        <source>On-chain portfolios: drift, plans, history and analytics</source>
        <translation>On-Chain-Portfolios: Abweichung, Pläne, Verlauf und Auswertung</translation>
    </message>
    <message>
        <source>Only in PAPER: nobody plays with a real account.</source>
        <translation>Nur in PAPER: Mit einem echten Konto spielt niemand.</translation>
    </message>
    <message>
        <source>Open nothing new; what is open is completed</source>
        <translation>Nichts Neues eröffnen; was offen ist, wird zu Ende geführt</translation>
    </message>
    <message>
        <source>Overview</source>
        <translation>Übersicht</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pause</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>Read the journal again with the filter as it stands</source>
        <translation>Das Journal mit dem jetzigen Filter noch einmal lesen</translation>
    </message>
    <message>
        <source>Read the picked portfolio&apos;s plan once more, then send exactly it</source>
        <translation>Den Plan des gewählten Portfolios noch einmal lesen, dann genau diesen senden</translation>
    </message>
    <message>
        <source>Resume the hub…</source>
        <translation>Hub fortsetzen…</translation>
    </message>
    <message>
        <source>Resume…</source>
        <translation>Fortsetzen…</translation>
    </message>
    <message>
        <source>Review changed settings…</source>
        <translation>Geänderte Einstellungen prüfen…</translation>
    </message>
    <message>
        <source>Save a crash bundle…</source>
        <translation>Fehlerpaket speichern…</translation>
    </message>
    <message>
        <source>Save the plot&apos;s numbers…</source>
        <translation>Zahlen des Diagramms speichern…</translation>
    </message>
    <message>
        <source>Save the plot&apos;s picture…</source>
        <translation>Bild des Diagramms speichern…</translation>
    </message>
    <message>
        <source>Scroll the journal to what was recorded last, and follow it</source>
        <translation>Im Journal zum zuletzt Aufgezeichneten springen und ihm folgen</translation>
    </message>
    <message>
        <source>See what was changed before it is applied</source>
        <translation>Zeigt die Änderungen, bevor sie angewendet werden</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Stopp</translation>
    </message>
    <message>
        <source>Stop the hub</source>
        <translation>Hub stoppen</translation>
    </message>
    <message>
        <source>Switch between the light and the dark look</source>
        <translation>Zwischen hellem und dunklem Aussehen wechseln</translation>
    </message>
    <message>
        <source>The engines are paused or stopped already.</source>
        <translation>Die Engines sind schon pausiert oder gestoppt.</translation>
    </message>
    <message>
        <source>The engines are running already.</source>
        <translation>Die Engines laufen schon.</translation>
    </message>
    <message>
        <source>To the newest row</source>
        <translation>Zur neuesten Zeile</translation>
    </message>
    <message>
        <source>Type to find any action, page, setting or notice</source>
        <translation>Tippen, um Aktionen, Seiten, Einstellungen oder Meldungen zu finden</translation>
    </message>
    <message>
        <source>What a rebalance costs</source>
        <translation>Kosten eines Rebalancings</translation>
    </message>
    <message>
        <source>What asks for your attention, to be acknowledged</source>
        <translation>Was Aufmerksamkeit verlangt, zum Quittieren</translation>
    </message>
    <message>
        <source>What waits for you</source>
        <translation>Was auf Sie wartet</translation>
    </message>
    <message>
        <source>What was done, why, and what it cost; filter and export</source>
        <translation>Was getan wurde, warum und was es gekostet hat; filtern und exportieren</translation>
    </message>
    <message>
        <source>Where wallets on this machine reach the hub</source>
        <translation>Wo Wallets auf diesem Rechner den Hub erreichen</translation>
    </message>
    <message>
        <source>Write what the journal&apos;s filter shows to a CSV or JSON file</source>
        <translation>Was der Filter des Journals zeigt, in eine CSV- oder JSON-Datei schreiben</translation>
    </message>
    <message>
        <source>You have seen every alert; the list keeps them</source>
        <translation>Alle Alarme sind gesehen; die Liste behält sie</translation>
    </message>
    <message>
        <source>Zoom, follow, move a threshold or save, in the plot that has the keyboard</source>
        <translation>Zoomen, folgen, eine Schwelle verschieben oder speichern, im Diagramm mit dem Tastaturfokus</translation>
    </message>
</context>
<context>
    <name>Alerts</name>
    <message>
        <source>Grave</source>
        <translation>Schwerwiegend</translation>
    </message>
    <message>
        <source>Warning</source>
        <translation>Warnung</translation>
    </message>
    <message>
        <source>acknowledged {time}</source>
        <translation>quittiert {time}</translation>
    </message>
    <message>
        <source>{count} times, from {first} to {last}</source>
        <translation>{count}-mal, von {first} bis {last}</translation>
    </message>
</context>
<context>
    <name>AlertsPanel</name>
    <message>
        <source>Acknowledge</source>
        <translation>Quittieren</translation>
    </message>
    <message>
        <source>Acknowledge all</source>
        <translation>Alle quittieren</translation>
    </message>
    <message>
        <source>Alerts</source>
        <translation>Alarme</translation>
    </message>
    <message>
        <source>Alerts, newest first</source>
        <translation>Alarme, neueste zuerst</translation>
    </message>
    <message>
        <source>Close the list of alerts</source>
        <translation>Liste der Alarme schließen</translation>
    </message>
    <message>
        <source>Nothing has asked for your attention.</source>
        <translation>Nichts hat Aufmerksamkeit verlangt.</translation>
    </message>
    <message>
        <source>You have seen all of them (Ctrl+Shift+K)</source>
        <translation>Alle sind gesehen (Strg+Umschalt+K)</translation>
    </message>
    <message>
        <source>You have seen the chosen one (Return)</source>
        <translation>Der gewählte ist gesehen (Eingabetaste)</translation>
    </message>
    <message>
        <source>{waiting} of {count} wait for you.</source>
        <translation>{waiting} von {count} warten auf Quittierung.</translation>
    </message>
</context>
<context>
    <name>Bell</name>
    <message>
        <source>Alerts: none waits</source>
        <translation>Alarme: keiner wartet</translation>
    </message>
    <message>
        <source>Alerts: {waiting} wait, {grave} of them grave</source>
        <translation>Alarme: {waiting} warten, davon {grave} schwerwiegend</translation>
    </message>
</context>
<context>
    <name>BlockedEntries</name>
    <message>
        <source>Blocked entries</source>
        <translation>Blockierte Einstiege</translation>
    </message>
    <message>
        <source>Blocked entries by slot, side and cause</source>
        <translation>Blockierte Einstiege nach Slot, Seite und Ursache</translation>
    </message>
    <message>
        <source>Cause</source>
        <translation>Ursache</translation>
    </message>
    <message>
        <source>Entries that a slot wanted and that were not placed. Blocked buys leave USD idle.</source>
        <translation>Einstiege, die ein Slot wollte und die nicht platziert wurden. Blockierte Käufe lassen USD ungenutzt.</translation>
    </message>
    <message>
        <source>Every entry that a slot wanted was placed.</source>
        <translation>Jeder Einstieg, den ein Slot wollte, wurde platziert.</translation>
    </message>
    <message>
        <source>Most often: {side} of slot {slot}, {cause} ({count} times).</source>
        <translation>Am häufigsten: {side} von Slot {slot}, {cause} ({count}-mal).</translation>
    </message>
    <message>
        <source>None so far</source>
        <translation>Bisher keine</translation>
    </message>
    <message>
        <source>Side</source>
        <translation>Seite</translation>
    </message>
    <message>
        <source>Slot</source>
        <translation>Slot</translation>
    </message>
    <message>
        <source>Times</source>
        <translation>Anzahl</translation>
    </message>
    <message>
        <source>{buys} buys, {sells} sells</source>
        <translation>{buys} Käufe, {sells} Verkäufe</translation>
    </message>
    <message>
        <source>{cause}, now</source>
        <translation>{cause}, jetzt</translation>
    </message>
    <message>
        <source>{count} held back now.</source>
        <translation>{count} jetzt zurückgehalten.</translation>
    </message>
    <message>
        <source>“now”: this cause holds an entry back at this moment.</source>
        <translation>„jetzt“: Diese Ursache hält in diesem Augenblick einen Einstieg zurück.</translation>
    </message>
</context>
<context>
    <name>Chooser</name>
    <message>
        <source>“{way}” was not answered within {seconds} s. It may still be done: look at it again.</source>
        <translation>„{way}“ wurde in {seconds} s nicht beantwortet. Es kann noch geschehen: Sehen Sie noch einmal nach.</translation>
    </message>
    <message>
        <source>“{way}” was not done: things changed meanwhile. Look at it again.</source>
        <translation>„{way}“ wurde nicht ausgeführt: Inzwischen hat sich etwas geändert. Sehen Sie noch einmal nach.</translation>
    </message>
    <message>
        <source>“{way}” was refused. {why}</source>
        <translation>„{way}“ wurde abgelehnt. {why}</translation>
    </message>
    <message>
        <source>“{way}”: done. {effect}</source>
        <translation>„{way}“: erledigt. {effect}</translation>
    </message>
</context>
<context>
    <name>ClosingDialog</name>
    <message>
        <source>End</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>End with orders on the book?</source>
        <translation>Mit Orders im Orderbuch beenden?</translation>
    </message>
    <message>
        <source>Exits stay and may fill; nothing new is entered.</source>
        <translation>Ausstiege bleiben und können ausgeführt werden; nichts Neues wird eingestiegen.</translation>
    </message>
    <message>
        <source>Leave all of them</source>
        <translation>Alle liegen lassen</translation>
    </message>
    <message>
        <source>Stay</source>
        <translation>Bleiben</translation>
    </message>
    <message>
        <source>Take all of them off</source>
        <translation>Alle herausnehmen</translation>
    </message>
    <message>
        <source>Take the entries off</source>
        <translation>Die Einstiege herausnehmen</translation>
    </message>
    <message>
        <source>They stay and may fill while nobody looks; the next start takes them up.</source>
        <translation>Sie bleiben und können ausgeführt werden, während niemand hinsieht; der nächste Start nimmt sie wieder auf.</translation>
    </message>
    <message>
        <source>What was traded stays open, without an exit until the next start.</source>
        <translation>Was gehandelt wurde, bleibt offen, bis zum nächsten Start ohne Ausstieg.</translation>
    </message>
    <message>
        <source>Your choice is kept as the setting desk.at_end.</source>
        <translation>Ihre Wahl bleibt als Einstellung desk.at_end erhalten.</translation>
    </message>
    <message>
        <source>the paper exchange</source>
        <translation>der Papierbörse</translation>
    </message>
    <message>
        <source>{count} orders rest at {place}: {entries} entries, {exits} exits.</source>
        <translation>{count} Orders liegen bei {place}: {entries} Einstiege, {exits} Ausstiege.</translation>
    </message>
</context>
<context>
    <name>Conditions</name>
    <message>
        <source>What keeps the grid from coming to anything</source>
        <translation>Was das Grid davon abhält, etwas zu erreichen</translation>
    </message>
</context>
<context>
    <name>CrashBundleDialog</name>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Crash bundle</source>
        <translation>Fehlerpaket</translation>
    </message>
    <message>
        <source>It could not be saved ({why}). Choose another place.</source>
        <translation>Speichern nicht möglich ({why}). Bitte einen anderen Ort wählen.</translation>
    </message>
    <message>
        <source>Save the crash bundle</source>
        <translation>Fehlerpaket speichern</translation>
    </message>
    <message>
        <source>Saved as {file}.</source>
        <translation>Gespeichert als {file}.</translation>
    </message>
    <message>
        <source>Save…</source>
        <translation>Speichern…</translation>
    </message>
    <message>
        <source>Text files (*.txt)</source>
        <translation>Textdateien (*.txt)</translation>
    </message>
    <message>
        <source>The whole bundle</source>
        <translation>Das ganze Paket</translation>
    </message>
    <message>
        <source>This is all of it. Secrets were taken out by value and by shape; read it before you hand it to anyone. It is saved where you say, and sent nowhere.</source>
        <translation>Das ist alles. Geheimnisse wurden nach Wert und nach Form entfernt; vor der Weitergabe bitte lesen. Gespeichert wird am gewählten Ort, gesendet wird nichts.</translation>
    </message>
</context>
<context>
    <name>DriftAnalytics</name>
    <message>
        <source>All of it</source>
        <translation>Zusammen</translation>
    </message>
    <message>
        <source>Analytics</source>
        <translation>Auswertung</translation>
    </message>
    <message>
        <source>Average drift</source>
        <translation>Mittlere Abweichung</translation>
    </message>
    <message>
        <source>By its price</source>
        <translation>Preis</translation>
    </message>
    <message>
        <source>By trading</source>
        <translation>Handel</translation>
    </message>
    <message>
        <source>Contribution of each token</source>
        <translation>Beitrag jedes Tokens</translation>
    </message>
    <message>
        <source>Cost drag</source>
        <translation>Kostenbremse</translation>
    </message>
    <message>
        <source>Costs</source>
        <translation>Kosten</translation>
    </message>
    <message>
        <source>Costs by kind</source>
        <translation>Kosten nach Art</translation>
    </message>
    <message>
        <source>Deepest drawdown</source>
        <translation>Größter Drawdown</translation>
    </message>
    <message>
        <source>Gas</source>
        <translation>Gas</translation>
    </message>
    <message>
        <source>Gas per dollar traded</source>
        <translation>Gas je gehandeltem Dollar</translation>
    </message>
    <message>
        <source>Less than quoted</source>
        <translation>Weniger als quotiert</translation>
    </message>
    <message>
        <source>Needs samples between which the value fell.</source>
        <translation>Braucht Messungen, zwischen denen der Wert fiel.</translation>
    </message>
    <message>
        <source>Needs three samples whose value changed.</source>
        <translation>Braucht drei Messungen mit verändertem Wert.</translation>
    </message>
    <message>
        <source>Needs two samples of a value above 0.</source>
        <translation>Braucht zwei Messungen mit einem Wert über 0.</translation>
    </message>
    <message>
        <source>No plan has reached the chain yet.</source>
        <translation>Noch kein Plan hat die Chain erreicht.</translation>
    </message>
    <message>
        <source>Not sampled with these tokens yet.</source>
        <translation>Mit diesen Token noch nicht erfasst.</translation>
    </message>
    <message>
        <source>Nothing was traded yet.</source>
        <translation>Noch nichts gehandelt.</translation>
    </message>
    <message>
        <source>Over samples, scaled to {days} days.</source>
        <translation>Über alle Messungen, hochgerechnet auf {days} Tage.</translation>
    </message>
    <message>
        <source>Pool fees</source>
        <translation>Pool-Gebühren</translation>
    </message>
    <message>
        <source>Price impact</source>
        <translation>Price Impact</translation>
    </message>
    <message>
        <source>Rebalances</source>
        <translation>Rebalancings</translation>
    </message>
    <message>
        <source>Rebalancing alpha</source>
        <translation>Rebalancing-Alpha</translation>
    </message>
    <message>
        <source>Return</source>
        <translation>Rendite</translation>
    </message>
    <message>
        <source>Return above holding.</source>
        <translation>Rendite über dem Halten.</translation>
    </message>
    <message>
        <source>Return of holding</source>
        <translation>Rendite beim Halten</translation>
    </message>
    <message>
        <source>Sharpe ratio</source>
        <translation>Sharpe-Ratio</translation>
    </message>
    <message>
        <source>Slippage</source>
        <translation>Slippage</translation>
    </message>
    <message>
        <source>Sortino ratio</source>
        <translation>Sortino-Ratio</translation>
    </message>
    <message>
        <source>Success rate</source>
        <translation>Erfolgsquote</translation>
    </message>
    <message>
        <source>The deepest fall from a peak.</source>
        <translation>Der tiefste Fall von einem Höchststand.</translation>
    </message>
    <message>
        <source>The engine has told no analytics of this portfolio yet.</source>
        <translation>Die Engine hat zu diesem Portfolio noch keine Auswertung gemeldet.</translation>
    </message>
    <message>
        <source>The portfolio was not sampled yet.</source>
        <translation>Das Portfolio wurde noch nicht erfasst.</translation>
    </message>
    <message>
        <source>Together</source>
        <translation>Zusammen</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Traded</source>
        <translation>Gehandelt</translation>
    </message>
    <message>
        <source>What the first sample&apos;s units would have returned, untouched.</source>
        <translation>Was die Stückzahlen der ersten Messung unangetastet gebracht hätten.</translation>
    </message>
    <message>
        <source>What the same trades would have returned more without their costs.</source>
        <translation>Was dieselben Trades ohne ihre Kosten mehr gebracht hätten.</translation>
    </message>
</context>
<context>
    <name>DriftBars</name>
    <message>
        <source>, after the plan {drift}</source>
        <translation>, nach dem Plan {drift}</translation>
    </message>
    <message>
        <source>After the plan</source>
        <translation>Nach dem Plan</translation>
    </message>
    <message>
        <source>Destination</source>
        <translation>Zielbereich</translation>
    </message>
    <message>
        <source>Drift of each token</source>
        <translation>Abweichung jedes Tokens</translation>
    </message>
    <message>
        <source>No tokens.</source>
        <translation>Keine Token.</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>Schwelle</translation>
    </message>
    <message>
        <source>Threshold ±{threshold}, destination ±{destination}.</source>
        <translation>Schwelle ±{threshold}, Zielbereich ±{destination}.</translation>
    </message>
    <message>
        <source>{symbol} {drift}</source>
        <translation>{symbol} {drift}</translation>
    </message>
</context>
<context>
    <name>DriftDelegation</name>
    <message>
        <source>A delegation stands: {delegate} may make {uses} more swaps until {until}, each within the bounds below, at any price, and only into the account itself.</source>
        <translation>Eine Delegation besteht: {delegate} darf noch {uses} Swaps bis {until} ausführen, jeden innerhalb der Grenzen unten, zu jedem Preis und nur in das Konto selbst.</translation>
    </message>
    <message>
        <source>A transaction of the account itself disables it; a plan that is not mined by then fails.</source>
        <translation>Eine Transaktion des Kontos selbst schaltet sie ab; ein bis dahin nicht geminter Plan schlägt fehl.</translation>
    </message>
    <message>
        <source>At most in one swap</source>
        <translation>Höchstens je Swap</translation>
    </message>
    <message>
        <source>Bounds of the standing delegation</source>
        <translation>Grenzen der stehenden Delegation</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Days</source>
        <translation>Tage</translation>
    </message>
    <message>
        <source>End it</source>
        <translation>Aufheben</translation>
    </message>
    <message>
        <source>End it…</source>
        <translation>Aufheben…</translation>
    </message>
    <message>
        <source>End the standing delegation of {portfolio}?</source>
        <translation>Stehende Delegation von {portfolio} aufheben?</translation>
    </message>
    <message>
        <source>Grant it</source>
        <translation>Erteilen</translation>
    </message>
    <message>
        <source>Grant…</source>
        <translation>Erteilen…</translation>
    </message>
    <message>
        <source>Let plans of {portfolio} go out without a signature?</source>
        <translation>Pläne von {portfolio} ohne Signatur hinausgehen lassen?</translation>
    </message>
    <message>
        <source>No standing delegation: the owner signs each plan by itself, for exactly its swaps.</source>
        <translation>Keine stehende Delegation: Der Eigentümer unterschreibt jeden Plan einzeln, für genau dessen Swaps.</translation>
    </message>
    <message>
        <source>Not all of it could be valued, so it may be more.</source>
        <translation>Nicht alles davon ließ sich bewerten, es kann also mehr sein.</translation>
    </message>
    <message>
        <source>Opt-in: it spares a signature for each plan, and trusts the sending account&apos;s key with more than a plan does. Each swap may sell at most the largest trade of now, and half of what is held.</source>
        <translation>Auf Wunsch: erspart eine Signatur je Plan und vertraut dem Schlüssel des sendenden Kontos mehr an als ein Plan. Jeder Swap darf höchstens den derzeit größten Trade und die Hälfte des Bestands verkaufen.</translation>
    </message>
    <message>
        <source>Revoke it</source>
        <translation>Widerrufen</translation>
    </message>
    <message>
        <source>Revoke the delegation of plan {plan}?</source>
        <translation>Delegation von Plan {plan} widerrufen?</translation>
    </message>
    <message>
        <source>Revoke the plan&apos;s delegation…</source>
        <translation>Delegation des Plans widerrufen…</translation>
    </message>
    <message>
        <source>Signature of the approvals</source>
        <translation>Signatur der Freigaben</translation>
    </message>
    <message>
        <source>Signature of the swaps</source>
        <translation>Signatur der Swaps</translation>
    </message>
    <message>
        <source>Swaps in all</source>
        <translation>Swaps insgesamt</translation>
    </message>
    <message>
        <source>The sending account may make {uses} swaps within {days} days without another signature. Whoever has its key could sell within the bounds at a price of their own making.</source>
        <translation>Das sendende Konto darf innerhalb von {days} Tagen {uses} Swaps ohne weitere Signatur ausführen. Wer seinen Schlüssel hat, könnte innerhalb der Grenzen zu einem selbst gemachten Preis verkaufen.</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Two transactions of the account itself disable it on the chain.</source>
        <translation>Zwei Transaktionen des Kontos selbst schalten sie auf der Chain ab.</translation>
    </message>
    <message>
        <source>What the engine answered</source>
        <translation>Antwort der Engine</translation>
    </message>
    <message>
        <source>With a leaked delegate key somebody could take up to {usd}.</source>
        <translation>Mit einem entwendeten Schlüssel des Delegierten könnten bis zu {usd} genommen werden.</translation>
    </message>
    <message>
        <source>✓ The engine has done it.</source>
        <translation>✓ Die Engine hat es getan.</translation>
    </message>
    <message>
        <source>✕ Each signature is 0x and 130 hexadecimal digits.</source>
        <translation>✕ Jede Signatur ist 0x und 130 hexadezimale Ziffern.</translation>
    </message>
</context>
<context>
    <name>DriftEngine</name>
    <message>
        <source>Block</source>
        <translation>Block</translation>
    </message>
    <message>
        <source>Block&apos;s age</source>
        <translation>Alter des Blocks</translation>
    </message>
    <message>
        <source>Chain</source>
        <translation>Chain</translation>
    </message>
    <message>
        <source>Gas price</source>
        <translation>Gaspreis</translation>
    </message>
    <message>
        <source>In trouble</source>
        <translation>In Schwierigkeiten</translation>
    </message>
    <message>
        <source>Native coin</source>
        <translation>Native Coin</translation>
    </message>
    <message>
        <source>No block was seen yet.</source>
        <translation>Noch kein Block gesehen.</translation>
    </message>
    <message>
        <source>No portfolio was looked at yet.</source>
        <translation>Noch kein Portfolio wurde angesehen.</translation>
    </message>
    <message>
        <source>No price is known, so no plan&apos;s cost can be told.</source>
        <translation>Kein Preis bekannt, daher lassen sich die Kosten eines Plans nicht nennen.</translation>
    </message>
    <message>
        <source>Not set up</source>
        <translation>Nicht eingerichtet</translation>
    </message>
    <message>
        <source>Nothing watched</source>
        <translation>Nichts beobachtet</translation>
    </message>
    <message>
        <source>Portfolios: {listed}.</source>
        <translation>Portfolios: {listed}.</translation>
    </message>
    <message>
        <source>Restarting</source>
        <translation>Startet neu</translation>
    </message>
    <message>
        <source>The drift engine</source>
        <translation>Die Drift-Engine</translation>
    </message>
    <message>
        <source>The drift engine has told nothing in this session: no portfolio is watched.</source>
        <translation>Die Drift-Engine hat in dieser Sitzung nichts gemeldet: Kein Portfolio wird beobachtet.</translation>
    </message>
    <message>
        <source>The engine crashed ({error}) and is started anew. It reads the chain before it acts; what stands here is from before.</source>
        <translation>Die Engine ist abgestürzt ({error}) und wird neu gestartet. Sie liest die Chain, bevor sie handelt; was hier steht, ist von vorher.</translation>
    </message>
    <message>
        <source>Watching</source>
        <translation>Beobachtet</translation>
    </message>
</context>
<context>
    <name>DriftHistory</name>
    <message>
        <source>Actual against quoted; negative where more came.</source>
        <translation>Tatsächlich gegen quotiert; negativ, wo mehr kam.</translation>
    </message>
    <message>
        <source>Below quote</source>
        <translation>Unter Quote</translation>
    </message>
    <message>
        <source>Copy the hash of the chosen row (Ctrl+C)</source>
        <translation>Den Hash der gewählten Zeile kopieren (Strg+C)</translation>
    </message>
    <message>
        <source>Copy transaction hash</source>
        <translation>Transaktions-Hash kopieren</translation>
    </message>
    <message>
        <source>Drift</source>
        <translation>Abweichung</translation>
    </message>
    <message>
        <source>Gas</source>
        <translation>Gas</translation>
    </message>
    <message>
        <source>Gas expected</source>
        <translation>Gas erwartet</translation>
    </message>
    <message>
        <source>Nothing of this portfolio has reached the chain as far as is known here.</source>
        <translation>Soweit hier bekannt, hat von diesem Portfolio noch nichts die Chain erreicht.</translation>
    </message>
    <message>
        <source>Rebalances, newest first</source>
        <translation>Rebalancings, neueste zuerst</translation>
    </message>
    <message>
        <source>Revision</source>
        <translation>Revision</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>Status</translation>
    </message>
    <message>
        <source>Swaps</source>
        <translation>Swaps</translation>
    </message>
    <message>
        <source>The estimate when it was planned, at that block&apos;s price.</source>
        <translation>Die Schätzung bei der Planung, zum Preis jenes Blocks.</translation>
    </message>
    <message>
        <source>The plan failed on the chain: nothing was swapped, and its gas was paid.</source>
        <translation>Der Plan ist auf der Chain fehlgeschlagen: nichts wurde getauscht, sein Gas wurde bezahlt.</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Took</source>
        <translation>Dauer</translation>
    </message>
    <message>
        <source>Traded</source>
        <translation>Gehandelt</translation>
    </message>
    <message>
        <source>Transaction</source>
        <translation>Transaktion</translation>
    </message>
    <message>
        <source>{path}: {quoted} quoted, nothing was swapped.</source>
        <translation>{path}: {quoted} quotiert, nichts getauscht.</translation>
    </message>
    <message>
        <source>{path}: {quoted} quoted, {came} came ({bps} less).</source>
        <translation>{path}: {quoted} quotiert, {came} erhalten ({bps} weniger).</translation>
    </message>
</context>
<context>
    <name>DriftOverTime</name>
    <message>
        <source>Largest drift</source>
        <translation>Größte Abw.</translation>
    </message>
    <message>
        <source>Last 6 hours</source>
        <translation>Letzte 6 Stunden</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>Letzte 7 Tage</translation>
    </message>
    <message>
        <source>Last day</source>
        <translation>Letzter Tag</translation>
    </message>
    <message>
        <source>Last hour</source>
        <translation>Letzte Stunde</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>Schwelle</translation>
    </message>
    <message>
        <source>Time shown in the plot</source>
        <translation>Im Diagramm gezeigter Zeitraum</translation>
    </message>
</context>
<context>
    <name>DriftPage</name>
    <message>
        <source>Analytics</source>
        <translation>Auswertung</translation>
    </message>
    <message>
        <source>Asked for; not acknowledged yet.</source>
        <translation>Angefragt; noch nicht bestätigt.</translation>
    </message>
    <message>
        <source>Delegation</source>
        <translation>Delegation</translation>
    </message>
    <message>
        <source>History</source>
        <translation>Verlauf</translation>
    </message>
    <message>
        <source>Leave it</source>
        <translation>Belassen</translation>
    </message>
    <message>
        <source>No plan of the picked portfolio waits for you.</source>
        <translation>Kein Plan des gewählten Portfolios wartet auf Bestätigung.</translation>
    </message>
    <message>
        <source>Over time</source>
        <translation>Im Zeitverlauf</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>Plan</translation>
    </message>
    <message>
        <source>Plan (waits for you)</source>
        <translation>Plan (wartet auf Bestätigung)</translation>
    </message>
    <message>
        <source>Plan {plan} of {portfolio} no longer stands, so the question about it was taken back.</source>
        <translation>Plan {plan} von {portfolio} besteht nicht mehr, daher wurde die Frage dazu zurückgenommen.</translation>
    </message>
    <message>
        <source>The engine has dropped plan {plan}.</source>
        <translation>Die Engine hat Plan {plan} fallen gelassen.</translation>
    </message>
    <message>
        <source>The engine has taken plan {plan}; it is sent once.</source>
        <translation>Die Engine hat Plan {plan} übernommen; er wird einmal gesendet.</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Tokens, plan, history, analytics, drift over time and delegation</source>
        <translation>Token, Plan, Verlauf, Auswertung, Abweichung im Zeitverlauf und Delegation</translation>
    </message>
    <message>
        <source>{command} was not answered within {seconds} s. Whether it was taken is not known: see the history before you ask again.</source>
        <translation>{command} wurde nicht innerhalb von {seconds} s beantwortet. Ob es übernommen wurde, ist nicht bekannt: erst den Verlauf ansehen, dann erneut anfragen.</translation>
    </message>
    <message>
        <source>{portfolio} cannot be shown in full. {why}</source>
        <translation>{portfolio} lässt sich nicht vollständig zeigen. {why}</translation>
    </message>
</context>
<context>
    <name>DriftPlan</name>
    <message>
        <source>Amount in</source>
        <translation>Betrag hinein</translation>
    </message>
    <message>
        <source>At least</source>
        <translation>Mindestens</translation>
    </message>
    <message>
        <source>Can be confirmed</source>
        <translation>Bestätigung möglich</translation>
    </message>
    <message>
        <source>Confirm…</source>
        <translation>Bestätigen…</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Do not send it; the portfolio rests</source>
        <translation>Nicht senden; das Portfolio ruht</translation>
    </message>
    <message>
        <source>Gas</source>
        <translation>Gas</translation>
    </message>
    <message>
        <source>How far the swap moves its pools against itself.</source>
        <translation>Wie weit der Swap seine Pools gegen sich selbst bewegt.</translation>
    </message>
    <message>
        <source>Impact</source>
        <translation>Impact</translation>
    </message>
    <message>
        <source>No plan stands. {why}</source>
        <translation>Kein Plan besteht. {why}</translation>
    </message>
    <message>
        <source>Path</source>
        <translation>Pfad</translation>
    </message>
    <message>
        <source>Plan {id}: swaps: {legs}, {total} in all. Made at {made}, under revision {revision} of the options.</source>
        <translation>Plan {id}: Swaps: {legs}, {total} insgesamt. Erstellt um {made}, unter Revision {revision} der Optionen.</translation>
    </message>
    <message>
        <source>Quote</source>
        <translation>Quote</translation>
    </message>
    <message>
        <source>Read it once more, then send exactly this plan</source>
        <translation>Noch einmal lesen, dann genau diesen Plan senden</translation>
    </message>
    <message>
        <source>Swaps of the plan</source>
        <translation>Swaps des Plans</translation>
    </message>
    <message>
        <source>What the engine answered</source>
        <translation>Antwort der Engine</translation>
    </message>
    <message>
        <source>Who could take what</source>
        <translation>Wer was nehmen könnte</translation>
    </message>
    <message>
        <source>With less than this the whole plan reverts (amountOutMin).</source>
        <translation>Mit weniger als diesem Betrag wird der ganze Plan rückgängig gemacht (amountOutMin).</translation>
    </message>
    <message>
        <source>Worth</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>for {left} more, until {at}</source>
        <translation>noch {left}, bis {at}</translation>
    </message>
    <message>
        <source>no more: it ended at {at}</source>
        <translation>nicht mehr: abgelaufen um {at}</translation>
    </message>
    <message>
        <source>{delegate} may make exactly these swaps, once, until {until}; nothing else, and to no other receiver.</source>
        <translation>{delegate} darf genau diese Swaps ausführen, einmal, bis {until}; sonst nichts, und an keinen anderen Empfänger.</translation>
    </message>
    <message>
        <source>{usd} expected ({gas} gas at the price of now)</source>
        <translation>{usd} erwartet ({gas} Gas zum jetzigen Preis)</translation>
    </message>
    <message>
        <source>✕ Refused. {why}</source>
        <translation>✕ Abgelehnt. {why}</translation>
    </message>
</context>
<context>
    <name>DriftTokens</name>
    <message>
        <source>(value − target value) / target value</source>
        <translation>(Wert − Zielwert) / Zielwert</translation>
    </message>
    <message>
        <source>Drift</source>
        <translation>Abweichung</translation>
    </message>
    <message>
        <source>Health</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>No plan was made.</source>
        <translation>Kein Plan erstellt.</translation>
    </message>
    <message>
        <source>Not known without every price.</source>
        <translation>Ohne alle Preise nicht bekannt.</translation>
    </message>
    <message>
        <source>Of the source that only confirms the first.</source>
        <translation>Von der Quelle, die die erste nur bestätigt.</translation>
    </message>
    <message>
        <source>Of the source that the portfolio is valued at.</source>
        <translation>Von der Quelle, nach der das Portfolio bewertet wird.</translation>
    </message>
    <message>
        <source>Price</source>
        <translation>Preis</translation>
    </message>
    <message>
        <source>Second price</source>
        <translation>Zweiter Preis</translation>
    </message>
    <message>
        <source>Share</source>
        <translation>Anteil</translation>
    </message>
    <message>
        <source>Target</source>
        <translation>Ziel</translation>
    </message>
    <message>
        <source>The drift that is left after the plan.</source>
        <translation>Die Abweichung, die nach dem Plan bleibt.</translation>
    </message>
    <message>
        <source>The source has no price for it.</source>
        <translation>Die Quelle hat dafür keinen Preis.</translation>
    </message>
    <message>
        <source>Then</source>
        <translation>Danach</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Tokens in numbers</source>
        <translation>Token in Zahlen</translation>
    </message>
    <message>
        <source>Units</source>
        <translation>Stück</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>Why each token is traded or left</source>
        <translation>Warum jedes Token gehandelt oder belassen wird</translation>
    </message>
    <message>
        <source>Why it is traded or left</source>
        <translation>Grund</translation>
    </message>
</context>
<context>
    <name>Event</name>
    <message>
        <source>Another transaction of the hub&apos;s account took the place of batch {nonce}. See who has its key.</source>
        <translation>Eine andere Transaktion des Hub-Kontos hat den Platz von Batch {nonce} eingenommen. Prüfen, wer dessen Schlüssel hat.</translation>
    </message>
    <message>
        <source>Batch {nonce} failed on the chain: nothing moved, and {gas} of gas was paid. See its transaction.</source>
        <translation>Batch {nonce} ist auf der Chain fehlgeschlagen: nichts wurde bewegt, {gas} an Gas wurde bezahlt. Siehe seine Transaktion.</translation>
    </message>
    <message>
        <source>Batch {nonce} never left; what it carried waits for the next one.</source>
        <translation>Batch {nonce} ging nie hinaus; was er enthielt, wartet auf den nächsten.</translation>
    </message>
    <message>
        <source>Batch {nonce} sent: pushes {pushes} ({usd}), pulls {pulls}.</source>
        <translation>Batch {nonce} gesendet: Pushes {pushes} ({usd}), Pulls {pulls}.</translation>
    </message>
    <message>
        <source>Batch {nonce} settled: {usd} pushed for {gas} of gas, profit {profit}.</source>
        <translation>Batch {nonce} abgewickelt: {usd} gepusht für {gas} an Gas, Gewinn {profit}.</translation>
    </message>
    <message>
        <source>Chosen in {where}: {effect}</source>
        <translation>Gewählt in {where}: {effect}</translation>
    </message>
    <message>
        <source>Master switch: {before} → {after}. {why}</source>
        <translation>Hauptschalter: {before} → {after}. {why}</translation>
    </message>
    <message>
        <source>No update for {silent}; the governor counted {counted} of it.</source>
        <translation>Keine Aktualisierung seit {silent}; der Governor hat davon {counted} gezählt.</translation>
    </message>
    <message>
        <source>PostgreSQL has every row again: {rows} were sent, {after} after it was lost.</source>
        <translation>PostgreSQL hat wieder jede Zeile: {rows} wurden gesendet, {after} nach dem Verlust.</translation>
    </message>
    <message>
        <source>PostgreSQL lacks about {rows} rows that it had, as a new or restored server does; they are sent again.</source>
        <translation>PostgreSQL fehlen etwa {rows} Zeilen, die dort schon waren, wie bei einem neuen oder wiederhergestellten Server; sie werden erneut gesendet.</translation>
    </message>
    <message>
        <source>Skew {before} → {after}. {why}</source>
        <translation>Neigung {before} → {after}. {why}</translation>
    </message>
    <message>
        <source>Slot {slot}{trade}: abandoned inventory was worked off, {profit} booked.</source>
        <translation>Slot {slot}{trade}: aufgegebener Bestand wurde abgearbeitet, {profit} gebucht.</translation>
    </message>
    <message>
        <source>Slot {slot}{trade}: round trip closed, {profit}.</source>
        <translation>Slot {slot}{trade}: Roundtrip geschlossen, {profit}.</translation>
    </message>
    <message>
        <source>Slot {slot}{trade}: the oldest recovery order was given up, {profit} booked.</source>
        <translation>Slot {slot}{trade}: die älteste Recovery-Order wurde aufgegeben, {profit} gebucht.</translation>
    </message>
    <message>
        <source>Slot {slot}{trade}: {side} {role} filled, {quantity} DOGE at {price}.</source>
        <translation>Slot {slot}{trade}: {side} ({role}) ausgeführt, {quantity} DOGE zu {price}.</translation>
    </message>
    <message>
        <source>Slot {slot}{trade}: {side} {role} of {quantity} DOGE at {price} expired.</source>
        <translation>Slot {slot}{trade}: {side} {role} über {quantity} DOGE zu {price} ist abgelaufen.</translation>
    </message>
    <message>
        <source>Slot {slot}{trade}: {side} {role} of {quantity} DOGE at {price} placed.</source>
        <translation>Slot {slot}{trade}: {side} ({role}) über {quantity} DOGE zu {price} platziert.</translation>
    </message>
    <message>
        <source>Slot {slot}{trade}: {side} {role} of {quantity} DOGE at {price} taken off the book.</source>
        <translation>Slot {slot}{trade}: {side} {role} über {quantity} DOGE zu {price} aus dem Orderbuch genommen.</translation>
    </message>
    <message>
        <source>Soft limit {limit}, minimum {minimum}, at a gas price of {gas}. {stops}</source>
        <translation>Weiche Grenze {limit}, Minimum {minimum}, bei einem Gaspreis von {gas}. {stops}</translation>
    </message>
    <message>
        <source>The clock was set back by {by}; the next update is one interval away.</source>
        <translation>Die Uhr wurde um {by} zurückgestellt; die nächste Aktualisierung ist ein Intervall entfernt.</translation>
    </message>
    <message>
        <source>The copy at PostgreSQL is lost; the local store is complete and goes on. {why}</source>
        <translation>Die Kopie bei PostgreSQL ist verloren; der lokale Speicher ist vollständig und läuft weiter. {why}</translation>
    </message>
    <message>
        <source>The hub stopped in doubt. {why} It is resumed by a person, on the Hub page.</source>
        <translation>Der Hub hat im Zweifel gestoppt. {why} Fortgesetzt wird er von einem Menschen auf der Seite Hub.</translation>
    </message>
    <message>
        <source>The push for {user} was left out of the batch. {why}</source>
        <translation>Der Push für {user} blieb aus dem Batch heraus. {why}</translation>
    </message>
    <message>
        <source>The skew changed sign {flips} times within an hour: its cap is ±{cap} until {until}.</source>
        <translation>Die Neigung hat binnen einer Stunde {flips}-mal das Vorzeichen gewechselt: Ihre Obergrenze ist ±{cap} bis {until}.</translation>
    </message>
    <message>
        <source>The {engine} engine crashed ({error}) and is started anew in {wait}.</source>
        <translation>Die {engine}-Engine ist abgestürzt ({error}) und wird in {wait} neu gestartet.</translation>
    </message>
    <message>
        <source>What {user} signed back was left out of the batch. {why}</source>
        <translation>Was {user} zurückunterschrieben hat, blieb aus dem Batch heraus. {why}</translation>
    </message>
    <message>
        <source>{count} events did not reach the panel in time; they are in the journal.</source>
        <translation>{count} Ereignisse haben das Panel nicht rechtzeitig erreicht; sie stehen im Journal.</translation>
    </message>
    <message>
        <source>{portfolio}: gas cost {value} what was expected (alert above {limit}).</source>
        <translation>{portfolio}: Gas kostete das {value}-Fache des Erwarteten (Alarm über {limit}).</translation>
    </message>
    <message>
        <source>{portfolio}: out of balance by {value} (alert above {limit}).</source>
        <translation>{portfolio}: aus dem Gleichgewicht um {value} (Alarm über {limit}).</translation>
    </message>
    <message>
        <source>{portfolio}: plan {plan} sent, out of balance by {drift} (swaps: {legs}).</source>
        <translation>{portfolio}: Plan {plan} gesendet, aus dem Gleichgewicht um {drift} (Swaps: {legs}).</translation>
    </message>
    <message>
        <source>{portfolio}: plan {plan} waits for you on the Drift page.</source>
        <translation>{portfolio}: Plan {plan} wartet auf der Seite Drift auf Bestätigung.</translation>
    </message>
    <message>
        <source>{portfolio}: plan{plan} not sent. {why}</source>
        <translation>{portfolio}: Plan{plan} nicht gesendet. {why}</translation>
    </message>
    <message>
        <source>{portfolio}: rebalanced, {turnover} traded for {gas} of gas (swaps: {legs}).</source>
        <translation>{portfolio}: ausgeglichen, {turnover} gehandelt für {gas} an Gas (Swaps: {legs}).</translation>
    </message>
    <message>
        <source>{portfolio}: the rebalance failed on the chain. See its transaction in the history.</source>
        <translation>{portfolio}: Das Rebalancing ist auf der Chain fehlgeschlagen. Die Transaktion steht im Verlauf.</translation>
    </message>
    <message>
        <source>{portfolio}: the rebalance failed on the chain; it cost {gas} of gas.</source>
        <translation>{portfolio}: Das Rebalancing ist auf der Chain fehlgeschlagen; es kostete {gas} an Gas.</translation>
    </message>
    <message>
        <source>{user} asked for {amount} {symbol}; {total} with fees were taken.</source>
        <translation>{user} hat {amount} {symbol} angefragt; {total} wurden samt Gebühren genommen.</translation>
    </message>
    <message>
        <source>{user} was asked to sign {amount} {symbol} back.</source>
        <translation>{user} wurde gebeten, {amount} {symbol} zurückzuunterschreiben.</translation>
    </message>
    <message>
        <source>{user}: {amount} {symbol} not secured; all fees went back. {why}</source>
        <translation>{user}: {amount} {symbol} nicht besichert; alle Gebühren gingen zurück. {why}</translation>
    </message>
</context>
<context>
    <name>Explanation</name>
    <message>
        <source> · revision {revision} of the options</source>
        <translation> · Revision {revision} der Optionen</translation>
    </message>
    <message>
        <source>Answer: {said}</source>
        <translation>Antwort: {said}</translation>
    </message>
    <message>
        <source>Belongs to it</source>
        <translation>Gehört dazu</translation>
    </message>
    <message>
        <source>Choose a row to see its rule, its inputs, and what it cost and brought.</source>
        <translation>Eine Zeile wählen, um ihre Regel, ihre Eingaben, Kosten und Ertrag zu sehen.</translation>
    </message>
    <message>
        <source>Copy as JSON</source>
        <translation>Als JSON kopieren</translation>
    </message>
    <message>
        <source>Copy as text</source>
        <translation>Als Text kopieren</translation>
    </message>
    <message>
        <source>Difference</source>
        <translation>Differenz</translation>
    </message>
    <message>
        <source>Enter or a double click opens the row</source>
        <translation>Eingabetaste oder Doppelklick öffnet die Zeile</translation>
    </message>
    <message>
        <source>Expected</source>
        <translation>Erwartet</translation>
    </message>
    <message>
        <source>Expected against real</source>
        <translation>Erwartet gegen tatsächlich</translation>
    </message>
    <message>
        <source>Figure</source>
        <translation>Kennzahl</translation>
    </message>
    <message>
        <source>Inputs</source>
        <translation>Eingaben</translation>
    </message>
    <message>
        <source>Limits</source>
        <translation>Grenzen</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>No outcome is recorded yet.</source>
        <translation>Noch kein Ergebnis aufgezeichnet.</translation>
    </message>
    <message>
        <source>No rule is recorded with it: it is something that happened.</source>
        <translation>Dazu ist keine Regel aufgezeichnet: Es ist etwas, das geschehen ist.</translation>
    </message>
    <message>
        <source>Real</source>
        <translation>Tatsächlich</translation>
    </message>
    <message>
        <source>Rule, answer and times</source>
        <translation>Regel, Antwort und Zeiten</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>What</source>
        <translation>Was</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>Warum</translation>
    </message>
    <message>
        <source>Why: what explains the chosen row</source>
        <translation>Warum: was die gewählte Zeile erklärt</translation>
    </message>
    <message>
        <source>answered after {time}</source>
        <translation>beantwortet nach {time}</translation>
    </message>
    <message>
        <source>{engine} · {kind} · {mode}</source>
        <translation>{engine} · {kind} · {mode}</translation>
    </message>
    <message>
        <source>{what} after {time}</source>
        <translation>{what} nach {time}</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>CSV, for a spreadsheet (*.csv)</source>
        <translation>CSV, für eine Tabellenkalkulation (*.csv)</translation>
    </message>
    <message>
        <source>Export what the list shows</source>
        <translation>Exportieren, was die Liste zeigt</translation>
    </message>
    <message>
        <source>JSON, with everything nested (*.json)</source>
        <translation>JSON, mit allem verschachtelt (*.json)</translation>
    </message>
</context>
<context>
    <name>ExportLine</name>
    <message>
        <source>Cancel the export</source>
        <translation>Export abbrechen</translation>
    </message>
    <message>
        <source>The export was cancelled; nothing was left at {path}.</source>
        <translation>Der Export wurde abgebrochen; unter {path} blieb nichts zurück.</translation>
    </message>
    <message>
        <source>The journal was not exported. {why}</source>
        <translation>Das Journal wurde nicht exportiert. {why}</translation>
    </message>
    <message>
        <source>{written} rows were written to {path}.</source>
        <translation>{written} Zeilen wurden nach {path} geschrieben.</translation>
    </message>
    <message>
        <source>{written} rows written to {file}</source>
        <translation>{written} Zeilen nach {file} geschrieben</translation>
    </message>
</context>
<context>
    <name>Formats</name>
    <message>
        <source>points</source>
        <translation>Punkte</translation>
    </message>
</context>
<context>
    <name>GovernorLines</name>
    <message>
        <source>Asked for</source>
        <translation>Angefordert</translation>
    </message>
    <message>
        <source>Cap</source>
        <translation>Obergrenze</translation>
    </message>
    <message>
        <source>D = Kd {gain:g} s × velocity</source>
        <translation>D = Kd {gain:g} s × Geschwindigkeit</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Governor: {glyph} {what} (skew {skew})</source>
        <translation>Governor: {glyph} {what} (Neigung {skew})</translation>
    </message>
    <message>
        <source>Governor: ◌ Starting</source>
        <translation>Governor: ◌ Startet</translation>
    </message>
    <message>
        <source>Idle USD: {idle} → target {target}</source>
        <translation>USD-Barquote: {idle} → Ziel {target}</translation>
    </message>
    <message>
        <source>No update from the governor yet.</source>
        <translation>Noch keine Aktualisierung vom Governor.</translation>
    </message>
    <message>
        <source>P = Kp {gain:g} × smoothed</source>
        <translation>P = Kp {gain:g} × geglättet</translation>
    </message>
    <message>
        <source>Size B: {b} | Size A: {a}</source>
        <translation>Größe B: {b} | Größe A: {a}</translation>
    </message>
    <message>
        <source>Smoothed error</source>
        <translation>Geglätteter Fehler</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>Startet</translation>
    </message>
    <message>
        <source>Velocity</source>
        <translation>Geschwindigkeit</translation>
    </message>
    <message>
        <source>What the governor does</source>
        <translation>Was der Governor tut</translation>
    </message>
</context>
<context>
    <name>GovernorNumbers</name>
    <message>
        <source>A fifth of the band takes {balance}, with a floor of {floor} (runway_entries_factor {factor}).</source>
        <translation>Ein Fünftel des Bands verlangt {balance}, mit einem Boden von {floor} (runway_entries_factor {factor}).</translation>
    </message>
    <message>
        <source>At full skew this grid moves at most {points} points of idle ratio a day ({held} with the floor held). {way}</source>
        <translation>Bei voller Neigung bewegt dieses Grid höchstens {points} Punkte der Barquote am Tag ({held} bei gehaltenem Boden). {way}</translation>
    </message>
    <message>
        <source>At target</source>
        <translation>Am Ziel</translation>
    </message>
    <message>
        <source>Cap</source>
        <translation>Obergrenze</translation>
    </message>
    <message>
        <source>D part</source>
        <translation>D-Anteil</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Flips in 1 h</source>
        <translation>Wechsel in 1 h</translation>
    </message>
    <message>
        <source>Next update</source>
        <translation>Nächstes Update</translation>
    </message>
    <message>
        <source>Not known before the first orders rest.</source>
        <translation>Erst bekannt, wenn die ersten Orders liegen.</translation>
    </message>
    <message>
        <source>One order of {order} moves the ratio {points} points near the target, on {balance}; the band is ±{band}.</source>
        <translation>Eine Order von {order} bewegt die Quote nahe dem Ziel um {points} Punkte, bei {balance}; das Band ist ±{band}.</translation>
    </message>
    <message>
        <source>P part</source>
        <translation>P-Anteil</translation>
    </message>
    <message>
        <source>Reach unknown</source>
        <translation>Reichweite unbekannt</translation>
    </message>
    <message>
        <source>Smoothed</source>
        <translation>Geglättet</translation>
    </message>
    <message>
        <source>Target out of reach</source>
        <translation>Ziel außer Reichweite</translation>
    </message>
    <message>
        <source>Target within a day&apos;s reach</source>
        <translation>Ziel binnen eines Tages erreichbar</translation>
    </message>
    <message>
        <source>The error is inside the neutral band.</source>
        <translation>Der Fehler liegt im neutralen Band.</translation>
    </message>
    <message>
        <source>The governor in numbers</source>
        <translation>Der Governor in Zahlen</translation>
    </message>
    <message>
        <source>Velocity</source>
        <translation>Geschwindigkeit</translation>
    </message>
    <message>
        <source>{distance} points to go, and nothing that moves them.</source>
        <translation>Noch {distance} Punkte, und nichts, was sie bewegt.</translation>
    </message>
    <message>
        <source>{distance} points to go: {days} days at least.</source>
        <translation>Noch {distance} Punkte: mindestens {days} Tage.</translation>
    </message>
</context>
<context>
    <name>GovernorPage</name>
    <message>
        <source>Last 6 hours</source>
        <translation>Letzte 6 Stunden</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>Letzte 7 Tage</translation>
    </message>
    <message>
        <source>Last day</source>
        <translation>Letzter Tag</translation>
    </message>
    <message>
        <source>Last hour</source>
        <translation>Letzte Stunde</translation>
    </message>
    <message>
        <source>Time shown in the plots</source>
        <translation>In den Diagrammen gezeigter Zeitraum</translation>
    </message>
</context>
<context>
    <name>GovernorPlots</name>
    <message>
        <source>A sells</source>
        <translation>A verkauft</translation>
    </message>
    <message>
        <source>B buys</source>
        <translation>B kauft</translation>
    </message>
    <message>
        <source>Cap</source>
        <translation>Obergrenze</translation>
    </message>
    <message>
        <source>Idle ratio</source>
        <translation>Barquote</translation>
    </message>
    <message>
        <source>Largest skew</source>
        <translation>Größte Neigung</translation>
    </message>
    <message>
        <source>Neutral</source>
        <translation>Neutral</translation>
    </message>
    <message>
        <source>Size multipliers</source>
        <translation>Größenfaktoren</translation>
    </message>
    <message>
        <source>Skew</source>
        <translation>Neigung</translation>
    </message>
    <message>
        <source>Smoothed error</source>
        <translation>Geglätteter Fehler</translation>
    </message>
    <message>
        <source>Still</source>
        <translation>Ruhe</translation>
    </message>
    <message>
        <source>Target</source>
        <translation>Ziel</translation>
    </message>
    <message>
        <source>Velocity</source>
        <translation>Geschwindigkeit</translation>
    </message>
    <message>
        <source>points</source>
        <translation>Punkte</translation>
    </message>
    <message>
        <source>points/h</source>
        <translation>Punkte/h</translation>
    </message>
    <message>
        <source>−Cap</source>
        <translation>−Obergrenze</translation>
    </message>
</context>
<context>
    <name>GridTables</name>
    <message>
        <source>Account</source>
        <translation>Konto</translation>
    </message>
    <message>
        <source>Account (not ours: {count})</source>
        <translation>Konto (nicht unsere: {count})</translation>
    </message>
    <message>
        <source>Age</source>
        <translation>Alter</translation>
    </message>
    <message>
        <source>Cycles</source>
        <translation>Zyklen</translation>
    </message>
    <message>
        <source>Fee</source>
        <translation>Gebühr</translation>
    </message>
    <message>
        <source>Filled</source>
        <translation>Ausgeführt</translation>
    </message>
    <message>
        <source>Fills</source>
        <translation>Fills</translation>
    </message>
    <message>
        <source>Fills ({count})</source>
        <translation>Fills ({count})</translation>
    </message>
    <message>
        <source>From market</source>
        <translation>Zum Markt</translation>
    </message>
    <message>
        <source>Maker</source>
        <translation>Maker</translation>
    </message>
    <message>
        <source>Metrics</source>
        <translation>Kennzahlen</translation>
    </message>
    <message>
        <source>Metrics, money, slots, orders and fills</source>
        <translation>Kennzahlen, Geld, Slots, Orders und Ausführungen</translation>
    </message>
    <message>
        <source>Money</source>
        <translation>Geld</translation>
    </message>
    <message>
        <source>Orders</source>
        <translation>Orders</translation>
    </message>
    <message>
        <source>Orders ({count})</source>
        <translation>Orders ({count})</translation>
    </message>
    <message>
        <source>Phase</source>
        <translation>Phase</translation>
    </message>
    <message>
        <source>Price</source>
        <translation>Preis</translation>
    </message>
    <message>
        <source>Quantity</source>
        <translation>Menge</translation>
    </message>
    <message>
        <source>Readings</source>
        <translation>Messwerte</translation>
    </message>
    <message>
        <source>Realised</source>
        <translation>Realisiert</translation>
    </message>
    <message>
        <source>Recent fills, newest first</source>
        <translation>Letzte Fills, neueste zuerst</translation>
    </message>
    <message>
        <source>Recoveries</source>
        <translation>Recoverys</translation>
    </message>
    <message>
        <source>Role</source>
        <translation>Rolle</translation>
    </message>
    <message>
        <source>Side</source>
        <translation>Seite</translation>
    </message>
    <message>
        <source>Side A (sells first)</source>
        <translation>Seite A (verkauft zuerst)</translation>
    </message>
    <message>
        <source>Side B (buys first)</source>
        <translation>Seite B (kauft zuerst)</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Slot</source>
        <translation>Slot</translation>
    </message>
    <message>
        <source>Slots</source>
        <translation>Slots</translation>
    </message>
    <message>
        <source>Stage</source>
        <translation>Stand</translation>
    </message>
    <message>
        <source>Taker</source>
        <translation>Taker</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Trade</source>
        <translation>Trade</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>{now}, {asked} asked</source>
        <translation>{now}, verlangt {asked}</translation>
    </message>
    <message>
        <source>{phase}, waits for you</source>
        <translation>{phase}, wartet auf Sie</translation>
    </message>
</context>
<context>
    <name>HappenDialog</name>
    <message>
        <source>Be somebody else</source>
        <translation>Jemand anders sein</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Examples</source>
        <translation>Beispiele</translation>
    </message>
    <message>
        <source>Examples; Enter takes one over</source>
        <translation>Beispiele; Eingabe übernimmt eines</translation>
    </message>
    <message>
        <source>Happened last, at {time}: {what} {note}</source>
        <translation>Zuletzt geschehen, um {time}: {what} {note}</translation>
    </message>
    <message>
        <source>It was taken over.</source>
        <translation>Es wurde übernommen.</translation>
    </message>
    <message>
        <source>Let it happen</source>
        <translation>Geschehen lassen</translation>
    </message>
    <message>
        <source>Still to come: {what}</source>
        <translation>Noch zu kommen: {what}</translation>
    </message>
    <message>
        <source>What happens</source>
        <translation>Was geschieht</translation>
    </message>
    <message>
        <source>What you write here happens at this session&apos;s paper exchange, now or so long from now. Nothing real is touched.</source>
        <translation>Was Sie hier schreiben, geschieht an der Papierbörse dieser Sitzung, jetzt oder in so langer Zeit. Nichts Echtes wird berührt.</translation>
    </message>
    <message>
        <source>[TIME:]KIND:ARGUMENTS, as 10m:amend:buy:+45%</source>
        <translation>[ZEIT:]ART:ANGABEN, etwa 10m:amend:buy:+45%</translation>
    </message>
</context>
<context>
    <name>Happening</name>
    <message>
        <source>Another program uses the key for five minutes</source>
        <translation>Ein anderes Programm benutzt fünf Minuten lang den Schlüssel</translation>
    </message>
    <message>
        <source>Money comes to the account</source>
        <translation>Geld kommt auf das Konto</translation>
    </message>
    <message>
        <source>Money moves where it earns and cannot be traded</source>
        <translation>Geld geht dorthin, wo es angelegt ist und nicht gehandelt werden kann</translation>
    </message>
    <message>
        <source>Somebody cancels one of the buys</source>
        <translation>Jemand storniert einen der Käufe</translation>
    </message>
    <message>
        <source>Somebody makes a resting entry larger</source>
        <translation>Jemand vergrößert einen liegenden Einstieg</translation>
    </message>
    <message>
        <source>Somebody makes a resting exit larger</source>
        <translation>Jemand vergrößert einen liegenden Ausstieg</translation>
    </message>
    <message>
        <source>Somebody moves an exit to another price</source>
        <translation>Jemand verschiebt einen Ausstieg auf einen anderen Preis</translation>
    </message>
    <message>
        <source>Somebody places an order of their own</source>
        <translation>Jemand platziert eine eigene Order</translation>
    </message>
    <message>
        <source>Somebody trades at the market</source>
        <translation>Jemand handelt zum Markt</translation>
    </message>
    <message>
        <source>The exchange locks the key out for two minutes</source>
        <translation>Die Börse sperrt den Schlüssel für zwei Minuten aus</translation>
    </message>
    <message>
        <source>The exchange takes cancels only for 20 minutes</source>
        <translation>Die Börse nimmt 20 Minuten lang nur Stornos an</translation>
    </message>
    <message>
        <source>The market falls by 3 percent</source>
        <translation>Der Markt fällt um 3 Prozent</translation>
    </message>
    <message>
        <source>The pair&apos;s least order becomes 50</source>
        <translation>Die kleinste Order des Paars wird 50</translation>
    </message>
    <message>
        <source>The pair&apos;s prices get five decimals</source>
        <translation>Die Preise des Paars bekommen fünf Nachkommastellen</translation>
    </message>
</context>
<context>
    <name>Header</name>
    <message>
        <source>All actions</source>
        <translation>Alle Aktionen</translation>
    </message>
    <message>
        <source>STARTING</source>
        <translation>STARTET</translation>
    </message>
</context>
<context>
    <name>HubFees</name>
    <message>
        <source>Amount</source>
        <translation>Betrag</translation>
    </message>
    <message>
        <source>Amount in whole tokens</source>
        <translation>Betrag in ganzen Token</translation>
    </message>
    <message>
        <source>Amount is worth</source>
        <translation>Wert des Betrags</translation>
    </message>
    <message>
        <source>Amount, like 1000</source>
        <translation>Betrag, etwa 1000</translation>
    </message>
    <message>
        <source>An amount, now</source>
        <translation>Ein Betrag, jetzt</translation>
    </message>
    <message>
        <source>As it would be taken now; gas and prices move it.</source>
        <translation>Wie es jetzt angenommen würde; Gas und Preise verändern es.</translation>
    </message>
    <message>
        <source>Ask the engine; nothing is taken or sent</source>
        <translation>Die Engine fragen; nichts wird genommen oder gesendet</translation>
    </message>
    <message>
        <source>Asked for; not acknowledged yet.</source>
        <translation>Angefragt; noch nicht bestätigt.</translation>
    </message>
    <message>
        <source>Buffer</source>
        <translation>Puffer</translation>
    </message>
    <message>
        <source>Comes back: up to {most} {symbol}, what the batch does not use of gas and buffer, once its receipt is known (nothing where the settings say to keep it). Everything comes back when the request is not carried out.</source>
        <translation>Zurück kommen: bis zu {most} {symbol}, was der Batch von Gas und Puffer nicht verbraucht, sobald sein Beleg bekannt ist (nichts, wo die Einstellungen es einbehalten). Alles kommt zurück, wenn die Anfrage nicht ausgeführt wird.</translation>
    </message>
    <message>
        <source>Gas</source>
        <translation>Gas</translation>
    </message>
    <message>
        <source>Hub fee</source>
        <translation>Hub-Gebühr</translation>
    </message>
    <message>
        <source>No request is selected; choose a row of the queue.</source>
        <translation>Keine Anfrage gewählt; eine Zeile der Warteschlange wählen.</translation>
    </message>
    <message>
        <source>Nothing was asked yet.</source>
        <translation>Noch nichts angefragt.</translation>
    </message>
    <message>
        <source>Request {id} of {user}, made at {time}; its fees are taken.</source>
        <translation>Anfrage {id} von {user}, gestellt um {time}; ihre Gebühren sind genommen.</translation>
    </message>
    <message>
        <source>The engine&apos;s answer could not be read; see the log.</source>
        <translation>Die Antwort der Engine war nicht lesbar; siehe Log.</translation>
    </message>
    <message>
        <source>The request selected in the queue</source>
        <translation>Die in der Warteschlange gewählte Anfrage</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Total</source>
        <translation>Summe</translation>
    </message>
    <message>
        <source>What it costs</source>
        <translation>Was es kostet</translation>
    </message>
    <message>
        <source>Write a number above 0, like 1000 or 12.5.</source>
        <translation>Eine Zahl über 0 eingeben, etwa 1000 oder 12.5.</translation>
    </message>
    <message>
        <source>✕ Refused. {why}</source>
        <translation>✕ Abgelehnt. {why}</translation>
    </message>
</context>
<context>
    <name>HubGas</name>
    <message>
        <source>A rebalance must be worth {minimum} at least. Set at {time} for a gas price of {gas}.</source>
        <translation>Ein Rebalancing muss mindestens {minimum} wert sein. Gesetzt um {time} bei einem Gaspreis von {gas}.</translation>
    </message>
    <message>
        <source>Cap</source>
        <translation>Obergrenze</translation>
    </message>
    <message>
        <source>Effective minimum</source>
        <translation>Wirksames Minimum</translation>
    </message>
    <message>
        <source>Gas and prices have not been read yet, so there is no soft limit.</source>
        <translation>Gas und Preise wurden noch nicht gelesen, daher gibt es keine weiche Grenze.</translation>
    </message>
    <message>
        <source>Gas price</source>
        <translation>Gaspreis</translation>
    </message>
    <message>
        <source>Gas price and soft limit</source>
        <translation>Gaspreis und weiche Grenze</translation>
    </message>
    <message>
        <source>Gas price now</source>
        <translation>Gaspreis jetzt</translation>
    </message>
    <message>
        <source>Gas read</source>
        <translation>Gas gelesen</translation>
    </message>
    <message>
        <source>Gas {gas}, soft limit {limit}. {words}</source>
        <translation>Gas {gas}, weiche Grenze {limit}. {words}</translation>
    </message>
    <message>
        <source>Last 6 hours</source>
        <translation>Letzte 6 Stunden</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>Letzte 7 Tage</translation>
    </message>
    <message>
        <source>Last day</source>
        <translation>Letzter Tag</translation>
    </message>
    <message>
        <source>Last hour</source>
        <translation>Letzte Stunde</translation>
    </message>
    <message>
        <source>Native coin</source>
        <translation>Native Coin</translation>
    </message>
    <message>
        <source>Set anew</source>
        <translation>Neu gesetzt</translation>
    </message>
    <message>
        <source>Set at {time} for a gas price of {gas}</source>
        <translation>Gesetzt um {time} bei einem Gaspreis von {gas}</translation>
    </message>
    <message>
        <source>Soft limit</source>
        <translation>Weiche Grenze</translation>
    </message>
    <message>
        <source>Time shown in the plots</source>
        <translation>In den Diagrammen gezeigter Zeitraum</translation>
    </message>
    <message>
        <source>due now</source>
        <translation>jetzt fällig</translation>
    </message>
    <message>
        <source>in {left}</source>
        <translation>in {left}</translation>
    </message>
    <message>
        <source>{age} ago</source>
        <translation>vor {age}</translation>
    </message>
</context>
<context>
    <name>HubLine</name>
    <message>
        <source>Accept and send again; asks you first (Ctrl+Alt+H)</source>
        <translation>Wieder annehmen und senden; fragt vorher nach (Strg+Alt+H)</translation>
    </message>
    <message>
        <source>Accept and send nothing; what was sent goes on to its end (Ctrl+Shift+H)</source>
        <translation>Nichts annehmen und nichts senden; Gesendetes läuft zu Ende (Strg+Umschalt+H)</translation>
    </message>
    <message>
        <source>Accounts</source>
        <translation>Konten</translation>
    </message>
    <message>
        <source>Address for wallets</source>
        <translation>Adresse für Wallets</translation>
    </message>
    <message>
        <source>Asked for; not acknowledged yet.</source>
        <translation>Angefragt; noch nicht bestätigt.</translation>
    </message>
    <message>
        <source>Block</source>
        <translation>Block</translation>
    </message>
    <message>
        <source>Block&apos;s age</source>
        <translation>Alter des Blocks</translation>
    </message>
    <message>
        <source>Chain {chain}, contract {contract}, entity {entity}</source>
        <translation>Chain {chain}, Contract {contract}, Entity {entity}</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>Kopieren</translation>
    </message>
    <message>
        <source>Copy the address for wallets</source>
        <translation>Adresse für Wallets kopieren</translation>
    </message>
    <message>
        <source>Copy the address for wallets (Ctrl+Shift+C)</source>
        <translation>Adresse für Wallets kopieren (Strg+Umschalt+C)</translation>
    </message>
    <message>
        <source>For wallets</source>
        <translation>Für Wallets</translation>
    </message>
    <message>
        <source>Heard</source>
        <translation>Gehört</translation>
    </message>
    <message>
        <source>No block was seen yet.</source>
        <translation>Noch kein Block gesehen.</translation>
    </message>
    <message>
        <source>Resume hub…</source>
        <translation>Hub fortsetzen…</translation>
    </message>
    <message>
        <source>Stop hub</source>
        <translation>Hub stoppen</translation>
    </message>
    <message>
        <source>The hub engine</source>
        <translation>Die Hub-Engine</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>Wartend</translation>
    </message>
    <message>
        <source>Wallets cannot reach the hub now.</source>
        <translation>Wallets können den Hub jetzt nicht erreichen.</translation>
    </message>
    <message>
        <source>What the engine answered</source>
        <translation>Antwort der Engine</translation>
    </message>
    <message>
        <source>{age} ago</source>
        <translation>vor {age}</translation>
    </message>
    <message>
        <source>✕ Refused. {why}</source>
        <translation>✕ Abgelehnt. {why}</translation>
    </message>
</context>
<context>
    <name>HubPage</name>
    <message>
        <source>Fees</source>
        <translation>Gebühren</translation>
    </message>
    <message>
        <source>It will accept requests and send batches again. Now: {why}</source>
        <translation>Er nimmt dann wieder Anfragen an und sendet Batches. Jetzt: {why}</translation>
    </message>
    <message>
        <source>Leave it stopped</source>
        <translation>Gestoppt lassen</translation>
    </message>
    <message>
        <source>Pulls</source>
        <translation>Pulls</translation>
    </message>
    <message>
        <source>Queue</source>
        <translation>Warteschlange</translation>
    </message>
    <message>
        <source>Queue, fees, settlements, pulls, revenue, tokens and readings</source>
        <translation>Warteschlange, Gebühren, Abwicklungen, Pulls, Ertrag, Token und Messwerte</translation>
    </message>
    <message>
        <source>Readings</source>
        <translation>Messwerte</translation>
    </message>
    <message>
        <source>Resume the hub</source>
        <translation>Hub fortsetzen</translation>
    </message>
    <message>
        <source>Resume the hub?</source>
        <translation>Hub fortsetzen?</translation>
    </message>
    <message>
        <source>Revenue</source>
        <translation>Ertrag</translation>
    </message>
    <message>
        <source>Settlements</source>
        <translation>Abwicklungen</translation>
    </message>
    <message>
        <source>The engine has resumed the hub.</source>
        <translation>Die Engine hat den Hub fortgesetzt.</translation>
    </message>
    <message>
        <source>The engine has stopped the hub. What was sent goes on to its end.</source>
        <translation>Die Engine hat den Hub gestoppt. Gesendetes läuft zu Ende.</translation>
    </message>
    <message>
        <source>The hub is not stopped, so there is nothing to resume.</source>
        <translation>Der Hub ist nicht gestoppt, es gibt also nichts fortzusetzen.</translation>
    </message>
    <message>
        <source>Tokens</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>{command} was not answered within {seconds} s. Whether it was taken is not known; what stands here is what the engine acknowledged.</source>
        <translation>{command} wurde nicht innerhalb von {seconds} s beantwortet. Ob es übernommen wurde, ist nicht bekannt; hier steht, was die Engine bestätigt hat.</translation>
    </message>
</context>
<context>
    <name>HubPulls</name>
    <message>
        <source>Asked at</source>
        <translation>Gefragt</translation>
    </message>
    <message>
        <source>Asked back</source>
        <translation>Angefragt</translation>
    </message>
    <message>
        <source>Ends</source>
        <translation>Endet</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Nobody is asked to sign anything back. Users are asked when the reserve does not cover what waits.</source>
        <translation>Niemand wird gebeten, etwas zurückzuunterschreiben. Nutzer werden gefragt, wenn die Reserve nicht deckt, was wartet.</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>The engine has told nothing of pulls yet.</source>
        <translation>Die Engine hat noch nichts von Pulls gemeldet.</translation>
    </message>
    <message>
        <source>User</source>
        <translation>Nutzer</translation>
    </message>
    <message>
        <source>What users were asked to sign back</source>
        <translation>Was Nutzer zurückunterschreiben sollen</translation>
    </message>
</context>
<context>
    <name>HubQueue</name>
    <message>
        <source>Age</source>
        <translation>Alter</translation>
    </message>
    <message>
        <source>Amount</source>
        <translation>Betrag</translation>
    </message>
    <message>
        <source>Batch under way</source>
        <translation>Laufender Batch</translation>
    </message>
    <message>
        <source>Fees</source>
        <translation>Gebühren</translation>
    </message>
    <message>
        <source>How much of the batch window has passed</source>
        <translation>Wie viel des Batch-Fensters vergangen ist</translation>
    </message>
    <message>
        <source>Hub fee {hub_fee}, gas {gas}, buffer {buffer}</source>
        <translation>Hub-Gebühr {hub_fee}, Gas {gas}, Puffer {buffer}</translation>
    </message>
    <message>
        <source>In the order of priority</source>
        <translation>In der Reihenfolge der Priorität</translation>
    </message>
    <message>
        <source>No batch goes now, as is said above</source>
        <translation>Jetzt geht kein Batch, wie oben gesagt</translation>
    </message>
    <message>
        <source>Nobody waits. The next request opens a window of {window}.</source>
        <translation>Niemand wartet. Die nächste Anfrage öffnet ein Fenster von {window}.</translation>
    </message>
    <message>
        <source>Place</source>
        <translation>Platz</translation>
    </message>
    <message>
        <source>Queue, by priority</source>
        <translation>Warteschlange, nach Priorität</translation>
    </message>
    <message>
        <source>The batch goes in {left}</source>
        <translation>Der Batch geht in {left}</translation>
    </message>
    <message>
        <source>The engine has told nothing of its queue yet.</source>
        <translation>Die Engine hat noch nichts von ihrer Warteschlange gemeldet.</translation>
    </message>
    <message>
        <source>The first {shown} of {every} are shown.</source>
        <translation>Gezeigt werden die ersten {shown} von {every}.</translation>
    </message>
    <message>
        <source>The next batch goes after the one under way</source>
        <translation>Der nächste Batch geht nach dem laufenden</translation>
    </message>
    <message>
        <source>The window has ended</source>
        <translation>Das Fenster ist abgelaufen</translation>
    </message>
    <message>
        <source>Total</source>
        <translation>Summe</translation>
    </message>
    <message>
        <source>User</source>
        <translation>Nutzer</translation>
    </message>
    <message>
        <source>Why it waits</source>
        <translation>Warum sie wartet</translation>
    </message>
    <message>
        <source>Why the selected request waits</source>
        <translation>Warum die gewählte Anfrage wartet</translation>
    </message>
    <message>
        <source>{amount} {symbol}, worth {usd}</source>
        <translation>{amount} {symbol}, Wert {usd}</translation>
    </message>
    <message>
        <source>{when}; {waiting} of the {threshold} that send it at once are waiting.</source>
        <translation>{when}; {waiting} der {threshold}, die ihn sofort auslösen, warten.</translation>
    </message>
</context>
<context>
    <name>HubRevenue</name>
    <message>
        <source>Accepted</source>
        <translation>Angenommen</translation>
    </message>
    <message>
        <source>Accounts</source>
        <translation>Konten</translation>
    </message>
    <message>
        <source>Asked for; not acknowledged yet.</source>
        <translation>Angefragt; noch nicht bestätigt.</translation>
    </message>
    <message>
        <source>Batches</source>
        <translation>Batches</translation>
    </message>
    <message>
        <source>Budgets and accounts</source>
        <translation>Budgets und Konten</translation>
    </message>
    <message>
        <source>Check every account now</source>
        <translation>Jetzt alle Konten prüfen</translation>
    </message>
    <message>
        <source>Gas paid</source>
        <translation>Gas bezahlt</translation>
    </message>
    <message>
        <source>Gas taken</source>
        <translation>Gas genommen</translation>
    </message>
    <message>
        <source>Hold every account against the index (Ctrl+Shift+A)</source>
        <translation>Jedes Konto mit dem Index abgleichen (Strg+Umschalt+A)</translation>
    </message>
    <message>
        <source>Hub fees</source>
        <translation>Hub-Gebühren</translation>
    </message>
    <message>
        <source>Hub fees and gas taken, less gas paid and what went back</source>
        <translation>Hub-Gebühren und genommenes Gas, abzüglich bezahltem Gas und Erstattungen</translation>
    </message>
    <message>
        <source>It found</source>
        <translation>Sie fand</translation>
    </message>
    <message>
        <source>Left in this interval</source>
        <translation>Übrig in diesem Intervall</translation>
    </message>
    <message>
        <source>Left within 24 hours</source>
        <translation>Übrig binnen 24 Stunden</translation>
    </message>
    <message>
        <source>Newest audit</source>
        <translation>Neueste Prüfung</translation>
    </message>
    <message>
        <source>No batch has settled yet.</source>
        <translation>Noch kein Batch abgewickelt.</translation>
    </message>
    <message>
        <source>No full scan was made yet.</source>
        <translation>Noch keine vollständige Prüfung erfolgt.</translation>
    </message>
    <message>
        <source>Nobody has asked yet.</source>
        <translation>Noch niemand hat angefragt.</translation>
    </message>
    <message>
        <source>Of the newest {answers} answers; {most} is the most that normal traffic gives.</source>
        <translation>Von den neuesten {answers} Antworten; üblicher Verkehr ergibt höchstens {most}.</translation>
    </message>
    <message>
        <source>Profit</source>
        <translation>Gewinn</translation>
    </message>
    <message>
        <source>Profit over what was pushed</source>
        <translation>Gewinn im Verhältnis zum Gepushten</translation>
    </message>
    <message>
        <source>Pulled</source>
        <translation>Gepullt</translation>
    </message>
    <message>
        <source>Pushed</source>
        <translation>Gepusht</translation>
    </message>
    <message>
        <source>Refunded</source>
        <translation>Erstattet</translation>
    </message>
    <message>
        <source>Refusal rate</source>
        <translation>Ablehnungsquote</translation>
    </message>
    <message>
        <source>Refused</source>
        <translation>Abgelehnt</translation>
    </message>
    <message>
        <source>Requests</source>
        <translation>Anfragen</translation>
    </message>
    <message>
        <source>Return on rebalances</source>
        <translation>Rendite der Rebalancings</translation>
    </message>
    <message>
        <source>Revenue, since the record began</source>
        <translation>Ertrag seit Beginn</translation>
    </message>
    <message>
        <source>The engine has told nothing of its totals yet.</source>
        <translation>Die Engine hat noch nichts von ihren Summen gemeldet.</translation>
    </message>
    <message>
        <source>What the engine answered</source>
        <translation>Antwort der Engine</translation>
    </message>
    <message>
        <source>{accounts} accounts, all right</source>
        <translation>{accounts} Konten, alle richtig</translation>
    </message>
    <message>
        <source>{accounts} accounts, {differences} wrong in the index</source>
        <translation>{accounts} Konten, {differences} falsch im Index</translation>
    </message>
    <message>
        <source>✓ The engine has taken it; what it finds stands above.</source>
        <translation>✓ Die Engine hat es übernommen; was sie findet, steht oben.</translation>
    </message>
    <message>
        <source>✕ Refused. {why}</source>
        <translation>✕ Abgelehnt. {why}</translation>
    </message>
</context>
<context>
    <name>HubSettlements</name>
    <message>
        <source>Amount</source>
        <translation>Betrag</translation>
    </message>
    <message>
        <source>And how far it was from what was predicted</source>
        <translation>Und wie weit es von der Vorhersage abwich</translation>
    </message>
    <message>
        <source>Batch {nonce} of {time}: pushes {pushes}, pulls {pulls}.</source>
        <translation>Batch {nonce} von {time}: Pushes {pushes}, Pulls {pulls}.</translation>
    </message>
    <message>
        <source>Batches, newest first</source>
        <translation>Batches, neueste zuerst</translation>
    </message>
    <message>
        <source>Copy the hash of the chosen row (Ctrl+C)</source>
        <translation>Den Hash der gewählten Zeile kopieren (Strg+C)</translation>
    </message>
    <message>
        <source>Copy transaction hash</source>
        <translation>Transaktions-Hash kopieren</translation>
    </message>
    <message>
        <source>Gas paid</source>
        <translation>Gas bezahlt</translation>
    </message>
    <message>
        <source>Gas predicted</source>
        <translation>Gas vorhergesagt</translation>
    </message>
    <message>
        <source>Gas taken</source>
        <translation>Gas genommen</translation>
    </message>
    <message>
        <source>Gas used</source>
        <translation>Gas verbraucht</translation>
    </message>
    <message>
        <source>Hub fee</source>
        <translation>Hub-Gebühr</translation>
    </message>
    <message>
        <source>Hub fees</source>
        <translation>Hub-Gebühren</translation>
    </message>
    <message>
        <source>Hub fees and gas taken, less gas paid and what went back</source>
        <translation>Hub-Gebühren und genommenes Gas, abzüglich bezahltem Gas und Erstattungen</translation>
    </message>
    <message>
        <source>It was not mined, so no gas was paid.</source>
        <translation>Nicht gemint, daher wurde kein Gas bezahlt.</translation>
    </message>
    <message>
        <source>No batch has ended yet as far as is known here.</source>
        <translation>Soweit hier bekannt, ist noch kein Batch zu Ende.</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>Nummer</translation>
    </message>
    <message>
        <source>Profit</source>
        <translation>Gewinn</translation>
    </message>
    <message>
        <source>Pulls</source>
        <translation>Pulls</translation>
    </message>
    <message>
        <source>Pushed</source>
        <translation>Gepusht</translation>
    </message>
    <message>
        <source>Pushes</source>
        <translation>Pushes</translation>
    </message>
    <message>
        <source>Refunded</source>
        <translation>Erstattet</translation>
    </message>
    <message>
        <source>Request</source>
        <translation>Anfrage</translation>
    </message>
    <message>
        <source>Status</source>
        <translation>Status</translation>
    </message>
    <message>
        <source>The hub&apos;s own number of the batch</source>
        <translation>Die eigene Nummer des Hubs für den Batch</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>Transaction</source>
        <translation>Transaktion</translation>
    </message>
    <message>
        <source>User</source>
        <translation>Nutzer</translation>
    </message>
    <message>
        <source>Waited</source>
        <translation>Gewartet</translation>
    </message>
    <message>
        <source>What</source>
        <translation>Was</translation>
    </message>
    <message>
        <source>What the chosen batch carried</source>
        <translation>Was der gewählte Batch enthielt</translation>
    </message>
    <message>
        <source>{gas} gas at {price}, the native coin at {native}</source>
        <translation>{gas} Gas zu {price}, die native Coin zu {native}</translation>
    </message>
</context>
<context>
    <name>HubState</name>
    <message>
        <source>Batch {nonce} is under way: pushes {pushes} ({usd}), pulls {pulls}. {where}</source>
        <translation>Batch {nonce} läuft: Pushes {pushes} ({usd}), Pulls {pulls}. {where}</translation>
    </message>
    <message>
        <source>In trouble</source>
        <translation>In Schwierigkeiten</translation>
    </message>
    <message>
        <source>Nobody waits. The next request opens a window of {window}.</source>
        <translation>Niemand wartet. Die nächste Anfrage öffnet ein Fenster von {window}.</translation>
    </message>
    <message>
        <source>Not running</source>
        <translation>Läuft nicht</translation>
    </message>
    <message>
        <source>Not set up</source>
        <translation>Nicht eingerichtet</translation>
    </message>
    <message>
        <source>Nothing is accepted or sent until a person resumes the hub.</source>
        <translation>Nichts wird angenommen oder gesendet, bis ein Mensch den Hub fortsetzt.</translation>
    </message>
    <message>
        <source>Restarting</source>
        <translation>Startet neu</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>Gestoppt</translation>
    </message>
    <message>
        <source>The engine crashed ({error}) and is started anew. It reads the chain before it acts; what stands here is from before.</source>
        <translation>Die Engine ist abgestürzt ({error}) und wird neu gestartet. Sie liest die Chain, bevor sie handelt; was hier steht, ist von vorher.</translation>
    </message>
    <message>
        <source>The hub engine has told nothing in this session. PAPER brings a contract of its own; OBSERVE and LIVE need its address in the settings (Hub, depository).</source>
        <translation>Die Hub-Engine hat in dieser Sitzung nichts gemeldet. PAPER bringt einen eigenen Contract mit; OBSERVE und LIVE brauchen dessen Adresse in den Einstellungen (Hub, depository).</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>Wartet</translation>
    </message>
    <message>
        <source>Waiting: {waiting} of the {threshold} that send a batch at once, the oldest {age}.</source>
        <translation>Es warten {waiting} der {threshold}, die sofort einen Batch auslösen, die älteste seit {age}.</translation>
    </message>
    <message>
        <source>Working</source>
        <translation>Arbeitet</translation>
    </message>
</context>
<context>
    <name>HubTokens</name>
    <message>
        <source>Accounts</source>
        <translation>Konten</translation>
    </message>
    <message>
        <source>Least</source>
        <translation>Mindestens</translation>
    </message>
    <message>
        <source>More waits than the reserve has; pulls are to bring the rest.</source>
        <translation>Es wartet mehr, als die Reserve hat; Pulls sollen den Rest bringen.</translation>
    </message>
    <message>
        <source>No price that may be used is known: nothing of it is accepted or sent.</source>
        <translation>Kein verwendbarer Preis bekannt: Davon wird nichts angenommen oder gesendet.</translation>
    </message>
    <message>
        <source>Not read yet.</source>
        <translation>Noch nicht gelesen.</translation>
    </message>
    <message>
        <source>Number {id} of the contract</source>
        <translation>Nummer {id} des Contracts</translation>
    </message>
    <message>
        <source>Price</source>
        <translation>Preis</translation>
    </message>
    <message>
        <source>Pullable</source>
        <translation>Pullbar</translation>
    </message>
    <message>
        <source>Reserve</source>
        <translation>Reserve</translation>
    </message>
    <message>
        <source>The engine has told no token yet.</source>
        <translation>Die Engine hat noch kein Token gemeldet.</translation>
    </message>
    <message>
        <source>The least that may be asked for at this soft limit</source>
        <translation>Das Wenigste, das bei dieser weichen Grenze angefragt werden kann</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Tokens in numbers</source>
        <translation>Token in Zahlen</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>Wartend</translation>
    </message>
    <message>
        <source>What accepted requests ask for</source>
        <translation>Was angenommene Anfragen verlangen</translation>
    </message>
    <message>
        <source>What the hub may push</source>
        <translation>Was der Hub pushen darf</translation>
    </message>
    <message>
        <source>What users who have spent could sign back</source>
        <translation>Was Nutzer, die ausgegeben haben, zurückunterschreiben könnten</translation>
    </message>
</context>
<context>
    <name>JournalCompared</name>
    <message>
        <source>Fee</source>
        <translation>Gebühr</translation>
    </message>
    <message>
        <source>Gas</source>
        <translation>Gas</translation>
    </message>
    <message>
        <source>Gas taken from users, and paid</source>
        <translation>Gas von Nutzern genommen, und bezahlt</translation>
    </message>
    <message>
        <source>Gas used</source>
        <translation>Gas verbraucht</translation>
    </message>
    <message>
        <source>Given back to users</source>
        <translation>An Nutzer zurückgegeben</translation>
    </message>
    <message>
        <source>Hub fees</source>
        <translation>Hub-Gebühren</translation>
    </message>
    <message>
        <source>Paid</source>
        <translation>Bezahlt</translation>
    </message>
    <message>
        <source>Pool fees</source>
        <translation>Pool-Gebühren</translation>
    </message>
    <message>
        <source>Price</source>
        <translation>Preis</translation>
    </message>
    <message>
        <source>Price impact</source>
        <translation>Price Impact</translation>
    </message>
    <message>
        <source>Profit of the round trip</source>
        <translation>Gewinn des Roundtrips</translation>
    </message>
    <message>
        <source>Quantity (DOGE)</source>
        <translation>Menge (DOGE)</translation>
    </message>
    <message>
        <source>Received</source>
        <translation>Erhalten</translation>
    </message>
    <message>
        <source>{pair}, at least (base units)</source>
        <translation>{pair}, mindestens (Basiseinheiten)</translation>
    </message>
</context>
<context>
    <name>JournalField</name>
    <message>
        <source>Amount</source>
        <translation>Betrag</translation>
    </message>
    <message>
        <source>At</source>
        <translation>Zeitpunkt</translation>
    </message>
    <message>
        <source>At least (base units)</source>
        <translation>Mindestens (Basiseinheiten)</translation>
    </message>
    <message>
        <source>Base size</source>
        <translation>Basisgröße</translation>
    </message>
    <message>
        <source>Came (base units)</source>
        <translation>Erhalten (Basiseinheiten)</translation>
    </message>
    <message>
        <source>Cap</source>
        <translation>Obergrenze</translation>
    </message>
    <message>
        <source>Carries</source>
        <translation>Führt aus</translation>
    </message>
    <message>
        <source>Cause</source>
        <translation>Ursache</translation>
    </message>
    <message>
        <source>D contribution</source>
        <translation>D-Beitrag</translation>
    </message>
    <message>
        <source>Entry price (USD per DOGE)</source>
        <translation>Einstiegspreis (USD je DOGE)</translation>
    </message>
    <message>
        <source>Error</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Exit price (USD per DOGE)</source>
        <translation>Ausstiegspreis (USD je DOGE)</translation>
    </message>
    <message>
        <source>Expires</source>
        <translation>Läuft ab</translation>
    </message>
    <message>
        <source>Fee</source>
        <translation>Gebühr</translation>
    </message>
    <message>
        <source>Filled (DOGE)</source>
        <translation>Ausgeführt (DOGE)</translation>
    </message>
    <message>
        <source>Gas expected</source>
        <translation>Gas erwartet</translation>
    </message>
    <message>
        <source>Gas paid</source>
        <translation>Gas bezahlt</translation>
    </message>
    <message>
        <source>Gas predicted</source>
        <translation>Gas vorhergesagt</translation>
    </message>
    <message>
        <source>Gas used</source>
        <translation>Gas verbraucht</translation>
    </message>
    <message>
        <source>Hash</source>
        <translation>Hash</translation>
    </message>
    <message>
        <source>Idle USD</source>
        <translation>USD-Barquote</translation>
    </message>
    <message>
        <source>Largest drift</source>
        <translation>Größte Abweichung</translation>
    </message>
    <message>
        <source>Most for one gas</source>
        <translation>Höchstens je Gas</translation>
    </message>
    <message>
        <source>Not after</source>
        <translation>Spätestens</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>Nummer</translation>
    </message>
    <message>
        <source>Order</source>
        <translation>Order</translation>
    </message>
    <message>
        <source>Our id of the order</source>
        <translation>Unsere Kennung der Order</translation>
    </message>
    <message>
        <source>P contribution</source>
        <translation>P-Beitrag</translation>
    </message>
    <message>
        <source>Portfolio</source>
        <translation>Portfolio</translation>
    </message>
    <message>
        <source>Price (USD per DOGE)</source>
        <translation>Preis (USD je DOGE)</translation>
    </message>
    <message>
        <source>Price of gas</source>
        <translation>Gaspreis</translation>
    </message>
    <message>
        <source>Profit aimed at</source>
        <translation>Angestrebter Gewinn</translation>
    </message>
    <message>
        <source>Quantity (DOGE)</source>
        <translation>Menge (DOGE)</translation>
    </message>
    <message>
        <source>Quoted (base units)</source>
        <translation>Quotiert (Basiseinheiten)</translation>
    </message>
    <message>
        <source>Side</source>
        <translation>Seite</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>Größe</translation>
    </message>
    <message>
        <source>Size A</source>
        <translation>Größe A</translation>
    </message>
    <message>
        <source>Size B</source>
        <translation>Größe B</translation>
    </message>
    <message>
        <source>Skew</source>
        <translation>Neigung</translation>
    </message>
    <message>
        <source>Skew asked for</source>
        <translation>Angeforderte Neigung</translation>
    </message>
    <message>
        <source>Smoothed error</source>
        <translation>Geglätteter Fehler</translation>
    </message>
    <message>
        <source>Sold (base units)</source>
        <translation>Verkauft (Basiseinheiten)</translation>
    </message>
    <message>
        <source>The exchange&apos;s id</source>
        <translation>Kennung der Börse</translation>
    </message>
    <message>
        <source>The native coin</source>
        <translation>Native Coin</translation>
    </message>
    <message>
        <source>Tip for one gas</source>
        <translation>Prioritätsgebühr je Gas</translation>
    </message>
    <message>
        <source>Token</source>
        <translation>Token</translation>
    </message>
    <message>
        <source>Took (ms)</source>
        <translation>Dauer (ms)</translation>
    </message>
    <message>
        <source>Transaction</source>
        <translation>Transaktion</translation>
    </message>
    <message>
        <source>Until</source>
        <translation>Bis</translation>
    </message>
    <message>
        <source>User</source>
        <translation>Nutzer</translation>
    </message>
    <message>
        <source>Velocity (per second)</source>
        <translation>Geschwindigkeit (je Sekunde)</translation>
    </message>
    <message>
        <source>no</source>
        <translation>nein</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>ja</translation>
    </message>
    <message>
        <source>{count} more; copy the row as JSON to see all</source>
        <translation>{count} weitere; um alle zu sehen, die Zeile als JSON kopieren</translation>
    </message>
</context>
<context>
    <name>JournalFilters</name>
    <message>
        <source>All time</source>
        <translation>Gesamte Zeit</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>Engine</translation>
    </message>
    <message>
        <source>Every engine</source>
        <translation>Jede Engine</translation>
    </message>
    <message>
        <source>Every kind</source>
        <translation>Jede Art</translation>
    </message>
    <message>
        <source>Every session</source>
        <translation>Jede Sitzung</translation>
    </message>
    <message>
        <source>Every state</source>
        <translation>Jeder Zustand</translation>
    </message>
    <message>
        <source>Find in inputs, reasons, outcomes and keys</source>
        <translation>In Eingaben, Begründungen, Ergebnissen und Schlüsseln suchen</translation>
    </message>
    <message>
        <source>From</source>
        <translation>Von</translation>
    </message>
    <message>
        <source>From … to …</source>
        <translation>Von … bis …</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>Art</translation>
    </message>
    <message>
        <source>Last 30 days</source>
        <translation>Letzte 30 Tage</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>Letzte 7 Tage</translation>
    </message>
    <message>
        <source>Last day</source>
        <translation>Letzter Tag</translation>
    </message>
    <message>
        <source>Last hour</source>
        <translation>Letzte Stunde</translation>
    </message>
    <message>
        <source>Sessions</source>
        <translation>Sitzungen</translation>
    </message>
    <message>
        <source>Show everything</source>
        <translation>Alles zeigen</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Text to find</source>
        <translation>Gesuchter Text</translation>
    </message>
    <message>
        <source>The journal keeps every session; this narrows it to the exchange account and mode of this one.</source>
        <translation>Das Journal behält jede Sitzung; dies beschränkt es auf das Börsenkonto und den Modus der jetzigen.</translation>
    </message>
    <message>
        <source>This exchange and mode</source>
        <translation>Diese Börse und dieser Modus</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>To, not included</source>
        <translation>Bis, nicht eingeschlossen</translation>
    </message>
</context>
<context>
    <name>JournalLine</name>
    <message>
        <source>It was out of balance by {drift} (swaps: {legs}).</source>
        <translation>Es war um {drift} aus dem Gleichgewicht (Swaps: {legs}).</translation>
    </message>
    <message>
        <source>No. {nonce}: pushes {pushes}, pulls {pulls}</source>
        <translation>Nr. {nonce}: Pushes {pushes}, Pulls {pulls}</translation>
    </message>
    <message>
        <source>No. {nonce}: {pushed} pushed, profit {profit}</source>
        <translation>Nr. {nonce}: {pushed} gepusht, Gewinn {profit}</translation>
    </message>
    <message>
        <source>Of order {key}.</source>
        <translation>Zu Order {key}.</translation>
    </message>
    <message>
        <source>Pushes {pushes}, pulls {pulls}; it was on its way for {waited}.</source>
        <translation>Pushes {pushes}, Pulls {pulls}; er war {waited} unterwegs.</translation>
    </message>
    <message>
        <source>Recovery order {order} was given up.</source>
        <translation>Recovery-Order {order} wurde aufgegeben.</translation>
    </message>
    <message>
        <source>The oldest recovery order was given up after {held}; its loss is booked.</source>
        <translation>Die älteste Recovery-Order wurde nach {held} aufgegeben; ihr Verlust ist gebucht.</translation>
    </message>
    <message>
        <source>idle {idle}, skew {skew}, A {a}, B {b}</source>
        <translation>Barquote {idle}, Neigung {skew}, A {a}, B {b}</translation>
    </message>
    <message>
        <source>nonce {nonce}</source>
        <translation>Nonce {nonce}</translation>
    </message>
    <message>
        <source>{hash}, up to {fee} a gas</source>
        <translation>{hash}, bis zu {fee} je Gas</translation>
    </message>
    <message>
        <source>{order} closed what had been open for {held}.</source>
        <translation>{order} hat geschlossen, was {held} lang offen war.</translation>
    </message>
    <message>
        <source>{order} worked abandoned inventory off that had been open for {held}.</source>
        <translation>{order} hat aufgegebenen Bestand abgearbeitet, der {held} offen war.</translation>
    </message>
    <message>
        <source>{order}, fee {fee}</source>
        <translation>{order}, Gebühr {fee}</translation>
    </message>
    <message>
        <source>{portfolio}, swaps {count}</source>
        <translation>{portfolio}, Swaps {count}</translation>
    </message>
    <message>
        <source>{portfolio}: {traded} traded, gas {gas}</source>
        <translation>{portfolio}: {traded} gehandelt, Gas {gas}</translation>
    </message>
    <message>
        <source>{portfolio}: {value}, drift {drift}</source>
        <translation>{portfolio}: {value}, Abweichung {drift}</translation>
    </message>
    <message>
        <source>{quantity} DOGE at {price}</source>
        <translation>{quantity} DOGE zu {price}</translation>
    </message>
    <message>
        <source>{quantity} DOGE traded for {cost}</source>
        <translation>{quantity} DOGE gehandelt für {cost}</translation>
    </message>
    <message>
        <source>{units} base units of token {token}</source>
        <translation>{units} Basiseinheiten von Token {token}</translation>
    </message>
</context>
<context>
    <name>JournalModel</name>
    <message>
        <source>Engine</source>
        <translation>Engine</translation>
    </message>
    <message>
        <source>Key numbers</source>
        <translation>Kennzahlen</translation>
    </message>
    <message>
        <source>Mode</source>
        <translation>Modus</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>What</source>
        <translation>Was</translation>
    </message>
    <message>
        <source>Why</source>
        <translation>Warum</translation>
    </message>
</context>
<context>
    <name>JournalPage</name>
    <message>
        <source>Export…</source>
        <translation>Exportieren…</translation>
    </message>
    <message>
        <source>List the journal anew</source>
        <translation>Journal neu auflisten</translation>
    </message>
    <message>
        <source>Nothing in the journal fits this filter. Show everything, or choose a longer span of time.</source>
        <translation>Nichts im Journal passt zu diesem Filter. Alles zeigen oder einen längeren Zeitraum wählen.</translation>
    </message>
    <message>
        <source>Nothing is recorded yet. Every order, plan and batch appears here as soon as an engine decides it, with its reason.</source>
        <translation>Noch nichts aufgezeichnet. Jede Order, jeder Plan und jeder Batch erscheint hier mit Begründung, sobald eine Engine darüber entscheidet.</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>Aktualisieren</translation>
    </message>
    <message>
        <source>The journal did not answer in time. Refresh to try again.</source>
        <translation>Das Journal hat nicht rechtzeitig geantwortet. Zum erneuten Versuch aktualisieren.</translation>
    </message>
    <message>
        <source>The journal does not answer just now. Try again in a moment.</source>
        <translation>Das Journal antwortet gerade nicht. In einem Augenblick noch einmal versuchen.</translation>
    </message>
    <message>
        <source>The journal was not exported. {why}</source>
        <translation>Das Journal wurde nicht exportiert. {why}</translation>
    </message>
    <message>
        <source>The newest {rows} of more; choose a span of time to reach earlier ones.</source>
        <translation>Nur die neuesten {rows}; für ältere einen Zeitraum wählen.</translation>
    </message>
    <message>
        <source>To the newest</source>
        <translation>Zur neuesten</translation>
    </message>
    <message>
        <source>Write what the list shows to a file, as CSV or JSON</source>
        <translation>Was die Liste zeigt, als CSV oder JSON in eine Datei schreiben</translation>
    </message>
    <message>
        <source>{count} new above</source>
        <translation>{count} neue oberhalb</translation>
    </message>
    <message>
        <source>{count} rows</source>
        <translation>{count} Zeilen</translation>
    </message>
    <message>
        <source>{rows} so far…</source>
        <translation>Bisher {rows}…</translation>
    </message>
    <message>
        <source>{rows}, newest first</source>
        <translation>{rows}, neueste zuerst</translation>
    </message>
    <message>
        <source>{rows}. {why}</source>
        <translation>{rows}. {why}</translation>
    </message>
</context>
<context>
    <name>JournalTable</name>
    <message>
        <source>Journal, newest first</source>
        <translation>Journal, neueste zuerst</translation>
    </message>
</context>
<context>
    <name>JournalWords</name>
    <message>
        <source>Alerts</source>
        <translation>Alarme</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation>Batch</translation>
    </message>
    <message>
        <source>Being looked up</source>
        <translation>Wird nachgeschlagen</translation>
    </message>
    <message>
        <source>Buy (entry)</source>
        <translation>Kauf (Einstieg)</translation>
    </message>
    <message>
        <source>Buy (exit)</source>
        <translation>Kauf (Ausstieg)</translation>
    </message>
    <message>
        <source>Cancel an order</source>
        <translation>Order stornieren</translation>
    </message>
    <message>
        <source>Carried out</source>
        <translation>Ausgeführt</translation>
    </message>
    <message>
        <source>Chain</source>
        <translation>Chain</translation>
    </message>
    <message>
        <source>Declined</source>
        <translation>Abgelehnt</translation>
    </message>
    <message>
        <source>Done</source>
        <translation>Erledigt</translation>
    </message>
    <message>
        <source>Drift</source>
        <translation>Drift</translation>
    </message>
    <message>
        <source>Expired</source>
        <translation>Abgelaufen</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>Fill</source>
        <translation>Fill</translation>
    </message>
    <message>
        <source>Governor</source>
        <translation>Governor</translation>
    </message>
    <message>
        <source>Governor&apos;s update</source>
        <translation>Aktualisierung des Governors</translation>
    </message>
    <message>
        <source>Grid</source>
        <translation>Grid</translation>
    </message>
    <message>
        <source>Happened</source>
        <translation>Geschehen</translation>
    </message>
    <message>
        <source>Held back</source>
        <translation>Zurückgehalten</translation>
    </message>
    <message>
        <source>Hub</source>
        <translation>Hub</translation>
    </message>
    <message>
        <source>Inventory abandoned</source>
        <translation>Bestand aufgegeben</translation>
    </message>
    <message>
        <source>Move an order</source>
        <translation>Order verschieben</translation>
    </message>
    <message>
        <source>Never sent</source>
        <translation>Nie gesendet</translation>
    </message>
    <message>
        <source>Number for a transaction</source>
        <translation>Nummer für eine Transaktion</translation>
    </message>
    <message>
        <source>On its way</source>
        <translation>Unterwegs</translation>
    </message>
    <message>
        <source>Payment</source>
        <translation>Zahlung</translation>
    </message>
    <message>
        <source>Place an order</source>
        <translation>Order platzieren</translation>
    </message>
    <message>
        <source>Portfolio&apos;s worth</source>
        <translation>Wert des Portfolios</translation>
    </message>
    <message>
        <source>Post an alert</source>
        <translation>Alarm versenden</translation>
    </message>
    <message>
        <source>Pull</source>
        <translation>Pull</translation>
    </message>
    <message>
        <source>Rebalance</source>
        <translation>Rebalancing</translation>
    </message>
    <message>
        <source>Refused</source>
        <translation>Abgelehnt</translation>
    </message>
    <message>
        <source>Replaced</source>
        <translation>Ersetzt</translation>
    </message>
    <message>
        <source>Request accepted</source>
        <translation>Anfrage angenommen</translation>
    </message>
    <message>
        <source>Request ended</source>
        <translation>Anfrage beendet</translation>
    </message>
    <message>
        <source>Round trip</source>
        <translation>Roundtrip</translation>
    </message>
    <message>
        <source>Sell (entry)</source>
        <translation>Verkauf (Einstieg)</translation>
    </message>
    <message>
        <source>Sell (exit)</source>
        <translation>Verkauf (Ausstieg)</translation>
    </message>
    <message>
        <source>Send a transaction</source>
        <translation>Transaktion senden</translation>
    </message>
    <message>
        <source>Settled</source>
        <translation>Abgewickelt</translation>
    </message>
    <message>
        <source>Sign a batch</source>
        <translation>Batch unterschreiben</translation>
    </message>
    <message>
        <source>Sign a plan</source>
        <translation>Plan unterschreiben</translation>
    </message>
    <message>
        <source>Success</source>
        <translation>Erfolg</translation>
    </message>
    <message>
        <source>Withdrawn</source>
        <translation>Zurückgezogen</translation>
    </message>
</context>
<context>
    <name>KeysPage</name>
    <message>
        <source>Alert webhook&apos;s secret</source>
        <translation>Geheimnis des Alarm-Webhooks</translation>
    </message>
    <message>
        <source>Alerts</source>
        <translation>Alarme</translation>
    </message>
    <message>
        <source>Asking Kraken what the key may do…</source>
        <translation>Kraken wird gefragt, was der Schlüssel darf…</translation>
    </message>
    <message>
        <source>Asking the keyring…</source>
        <translation>Der Schlüsselbund wird gefragt…</translation>
    </message>
    <message>
        <source>Backend: {name}</source>
        <translation>Backend: {name}</translation>
    </message>
    <message>
        <source>Chain</source>
        <translation>Chain</translation>
    </message>
    <message>
        <source>CoinGecko key</source>
        <translation>CoinGecko-Schlüssel</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>Löschen</translation>
    </message>
    <message>
        <source>Delete from the keyring?</source>
        <translation>Aus dem Schlüsselbund löschen?</translation>
    </message>
    <message>
        <source>Delete {name}</source>
        <translation>{name} löschen</translation>
    </message>
    <message>
        <source>Delete…</source>
        <translation>Löschen…</translation>
    </message>
    <message>
        <source>Deleting {name}…</source>
        <translation>{name} wird gelöscht…</translation>
    </message>
    <message>
        <source>Give up</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Hub</source>
        <translation>Hub</translation>
    </message>
    <message>
        <source>Hub&apos;s key</source>
        <translation>Schlüssel des Hubs</translation>
    </message>
    <message>
        <source>Hub&apos;s sending account&apos;s key</source>
        <translation>Schlüssel des sendenden Hub-Kontos</translation>
    </message>
    <message>
        <source>Keep it</source>
        <translation>Behalten</translation>
    </message>
    <message>
        <source>Kept in the keyring</source>
        <translation>Im Schlüsselbund verwahrt</translation>
    </message>
    <message>
        <source>Keys are kept by the operating system, never in a file of Evenkeel&apos;s, and are never shown again.</source>
        <translation>Schlüssel verwahrt das Betriebssystem, nie eine Datei von Evenkeel, und sie werden nie wieder angezeigt.</translation>
    </message>
    <message>
        <source>Kraken</source>
        <translation>Kraken</translation>
    </message>
    <message>
        <source>Kraken API key</source>
        <translation>API-Schlüssel von Kraken</translation>
    </message>
    <message>
        <source>Kraken private key</source>
        <translation>Privater Schlüssel von Kraken</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>Erneut prüfen</translation>
    </message>
    <message>
        <source>Made at Kraken under Settings, API. It needs the rights to query funds and orders and to modify orders.</source>
        <translation>Bei Kraken unter Settings, API anzulegen. Er braucht die Rechte, Guthaben und Orders abzufragen und Orders zu ändern.</translation>
    </message>
    <message>
        <source>Node address</source>
        <translation>Adresse des Knotens</translation>
    </message>
    <message>
        <source>Not asked yet</source>
        <translation>Noch nicht gefragt</translation>
    </message>
    <message>
        <source>Not asked yet.</source>
        <translation>Noch nicht gefragt.</translation>
    </message>
    <message>
        <source>Not kept</source>
        <translation>Nicht verwahrt</translation>
    </message>
    <message>
        <source>Not known</source>
        <translation>Nicht bekannt</translation>
    </message>
    <message>
        <source>Not usable</source>
        <translation>Nicht verwendbar</translation>
    </message>
    <message>
        <source>Of CoinGecko&apos;s Pro interface. Without one the public interface is asked.</source>
        <translation>Für die Pro-Schnittstelle von CoinGecko. Ohne Schlüssel wird die öffentliche Schnittstelle befragt.</translation>
    </message>
    <message>
        <source>Portfolio owner&apos;s key</source>
        <translation>Schlüssel des Portfolio-Eigentümers</translation>
    </message>
    <message>
        <source>PostgreSQL</source>
        <translation>PostgreSQL</translation>
    </message>
    <message>
        <source>PostgreSQL address</source>
        <translation>PostgreSQL-Adresse</translation>
    </message>
    <message>
        <source>Private key of an ordinary account with a little gas. It carries plans out, and can do nothing that an owner did not sign.</source>
        <translation>Privater Schlüssel eines gewöhnlichen Kontos mit etwas Gas. Es führt Pläne aus und kann nichts tun, was kein Eigentümer unterschrieben hat.</translation>
    </message>
    <message>
        <source>Private key of an ordinary account with gas. It carries the hub&apos;s signed batches to the chain.</source>
        <translation>Privater Schlüssel eines gewöhnlichen Kontos mit Gas. Es bringt die unterschriebenen Batches des Hubs auf die Chain.</translation>
    </message>
    <message>
        <source>Private key of the hub&apos;s entity at the Depository. It signs every batch, and nothing else.</source>
        <translation>Privater Schlüssel der Entity des Hubs beim Depository. Er unterschreibt jeden Batch und sonst nichts.</translation>
    </message>
    <message>
        <source>Private key of the owner of the portfolios&apos; accounts. In LIVE it signs each plan&apos;s delegation.</source>
        <translation>Privater Schlüssel des Eigentümers der Portfolio-Konten. In LIVE unterschreibt er die Delegation jedes Plans.</translation>
    </message>
    <message>
        <source>Private node address</source>
        <translation>Adresse des privaten Knotens</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>Bereit</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Save {name}</source>
        <translation>{name} speichern</translation>
    </message>
    <message>
        <source>Saving {name}…</source>
        <translation>{name} wird gespeichert…</translation>
    </message>
    <message>
        <source>Sending account&apos;s key</source>
        <translation>Schlüssel des sendenden Kontos</translation>
    </message>
    <message>
        <source>Shared with the receiver at desk.webhook_url: the alerts of every engine are signed with it.</source>
        <translation>Mit dem Empfänger unter desk.webhook_url geteilt: Die Alarme jeder Engine werden damit signiert.</translation>
    </message>
    <message>
        <source>Shared with the receiver at drift.webhook_url: alerts are signed with it (HMAC-SHA256).</source>
        <translation>Mit dem Empfänger unter drift.webhook_url geteilt: Alarme werden damit signiert (HMAC-SHA256).</translation>
    </message>
    <message>
        <source>Shown by Kraken once, when the key is made. Give the key no right to withdraw.</source>
        <translation>Kraken zeigt ihn einmal, beim Anlegen des Schlüssels. Dem Schlüssel kein Recht zum Abheben geben.</translation>
    </message>
    <message>
        <source>The keyring is at work</source>
        <translation>Der Schlüsselbund arbeitet</translation>
    </message>
    <message>
        <source>This computer&apos;s keyring</source>
        <translation>Schlüsselbund dieses Rechners</translation>
    </message>
    <message>
        <source>Webhook secret</source>
        <translation>Webhook-Geheimnis</translation>
    </message>
    <message>
        <source>Where transactions are sent to instead, so that nobody sees them before they are mined. Leave it empty to send them to the node above.</source>
        <translation>Wohin Transaktionen stattdessen gesendet werden, damit sie vor dem Minen niemand sieht. Leer lassen, um sie an den Knoten oben zu senden.</translation>
    </message>
    <message>
        <source>at Kraken</source>
        <translation>bei Kraken</translation>
    </message>
    <message>
        <source>at the server</source>
        <translation>am Server</translation>
    </message>
    <message>
        <source>https address of a node of the chain in chain.chain_id. It is kept as a secret: it often holds one.</source>
        <translation>https-Adresse eines Knotens der Chain aus chain.chain_id. Sie wird als Geheimnis verwahrt: Oft enthält sie eines.</translation>
    </message>
    <message>
        <source>paste it here</source>
        <translation>hier einfügen</translation>
    </message>
    <message>
        <source>postgresql://user:password@host:port/database, for the copy of the records that store.mirror switches on.</source>
        <translation>postgresql://user:password@host:port/database, für die Kopie der Aufzeichnungen, die store.mirror einschaltet.</translation>
    </message>
    <message>
        <source>you gave up waiting; what was asked may still happen, so look again.</source>
        <translation>das Warten wurde abgebrochen; das Angefragte kann noch geschehen, daher erneut prüfen.</translation>
    </message>
    <message>
        <source>{name} is deleted.</source>
        <translation>{name} ist gelöscht.</translation>
    </message>
    <message>
        <source>{name} is forgotten by this computer. It stays valid until you revoke it {where}.</source>
        <translation>{name} wird auf diesem Rechner vergessen, bleibt aber gültig bis zum Widerruf {where}.</translation>
    </message>
    <message>
        <source>{name} is kept; it is used at the next start.</source>
        <translation>{name} ist verwahrt; die Verwendung beginnt mit dem nächsten Start.</translation>
    </message>
    <message>
        <source>{name}: that is too short (at least {count} characters). Paste the whole key.</source>
        <translation>{name}: Das ist zu kurz (mindestens {count} Zeichen). Den ganzen Schlüssel einfügen.</translation>
    </message>
</context>
<context>
    <name>KeysStep</name>
    <message>
        <source>Keys</source>
        <translation>Schlüssel</translation>
    </message>
    <message>
        <source>OBSERVE and LIVE need your exchange&apos;s key, PAPER needs none. Its rights are read from Kraken when it is saved. Leave it for later if you like: the Keys page has the same fields.</source>
        <translation>OBSERVE und LIVE brauchen den Schlüssel der Börse, PAPER braucht keinen. Seine Rechte werden beim Speichern von Kraken gelesen. Das kann auch bis später warten: Die Seite Schlüssel hat dieselben Felder.</translation>
    </message>
</context>
<context>
    <name>Languages</name>
    <message>
        <source>{file} is missing or damaged, so Qt&apos;s own buttons and key names stay English.</source>
        <translation>{file} fehlt oder ist beschädigt, daher bleiben Qts eigene Knöpfe und Tastennamen englisch.</translation>
    </message>
</context>
<context>
    <name>LimitsStep</name>
    <message>
        <source>How much may be at stake? These hold in every mode, PAPER too. The Settings page has all the others.</source>
        <translation>Wie viel darf auf dem Spiel stehen? Diese Grenzen gelten in jedem Modus, auch in PAPER. Alle anderen stehen auf der Seite Einstellungen.</translation>
    </message>
    <message>
        <source>Limits</source>
        <translation>Grenzen</translation>
    </message>
</context>
<context>
    <name>LiveDialog</name>
    <message>
        <source>, holds {amount} {asset}</source>
        <translation>, hält {amount} {asset}</translation>
    </message>
    <message>
        <source>, or below a value of {floor}</source>
        <translation>, oder unter einem Wert von {floor}</translation>
    </message>
    <message>
        <source>, {amount} of it held by orders</source>
        <translation>, davon {amount} von Orders gehalten</translation>
    </message>
    <message>
        <source>At once entries of one side hold up to {at_once}. At worst all that is free is bought with, bit by bit: if the price then falls by {fall}, {account} become {after}.</source>
        <translation>Auf einmal halten Einstiege einer Seite bis zu {at_once}. Im schlimmsten Fall wird mit allem Freien nach und nach gekauft: Fällt der Preis dann um {fall}, werden aus {account} {after}.</translation>
    </message>
    <message>
        <source>Go LIVE</source>
        <translation>LIVE starten</translation>
    </message>
    <message>
        <source>Go LIVE?</source>
        <translation>LIVE starten?</translation>
    </message>
    <message>
        <source>Key at Kraken: {name}</source>
        <translation>Schlüssel bei Kraken: {name}</translation>
    </message>
    <message>
        <source>No entry is placed after a realised loss of {loss} in a day</source>
        <translation>Kein Einstieg wird nach einem realisierten Verlust von {loss} an einem Tag platziert</translation>
    </message>
    <message>
        <source>Orders of others there: {count}</source>
        <translation>Orders anderer dort: {count}</translation>
    </message>
    <message>
        <source>Orders of this program that rest there: {count}</source>
        <translation>Orders dieses Programms, die dort liegen: {count}</translation>
    </message>
    <message>
        <source>Reading your account at Kraken…</source>
        <translation>Ihr Konto bei Kraken wird gelesen…</translation>
    </message>
    <message>
        <source>Stay as it is</source>
        <translation>So lassen</translation>
    </message>
    <message>
        <source>The account is empty.</source>
        <translation>Das Konto ist leer.</translation>
    </message>
    <message>
        <source>The engines of profile “{profile}” will place real orders with real money on your exchange account. Type “{phrase}” to confirm.</source>
        <translation>Die Engines des Profils „{profile}“ werden echte Orders mit echtem Geld auf dem Börsenkonto platzieren. Zur Bestätigung „{phrase}“ eingeben.</translation>
    </message>
    <message>
        <source>The price is not known, so the worst case is not either.</source>
        <translation>Der Preis ist nicht bekannt, daher auch der schlimmste Fall nicht.</translation>
    </message>
    <message>
        <source>{slots} slots of {size} each</source>
        <translation>{slots} Slots zu je {size}</translation>
    </message>
</context>
<context>
    <name>LivePlot</name>
    <message>
        <source>Enter: see the change. Esc: leave it</source>
        <translation>Eingabetaste: Änderung ansehen. Esc: so lassen</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>Was geschah</translation>
    </message>
    <message>
        <source>What happened: {count}, last at {time}: {what}</source>
        <translation>Was geschah: {count}, zuletzt um {time}: {what}</translation>
    </message>
    <message>
        <source>last {span}</source>
        <translation>letzte {span}</translation>
    </message>
    <message>
        <source>{count} earlier ones here</source>
        <translation>{count} frühere an dieser Stelle</translation>
    </message>
    <message>
        <source>{low} to {high}</source>
        <translation>{low} bis {high}</translation>
    </message>
    <message>
        <source>{name}: last {last} at {time}, lowest {low}, highest {high}, mean {mean}.</source>
        <translation>{name}: zuletzt {last} um {time}, Tief {low}, Hoch {high}, Mittel {mean}.</translation>
    </message>
    <message>
        <source>{name}: nothing known.</source>
        <translation>{name}: nichts bekannt.</translation>
    </message>
    <message>
        <source>{span} from {start}</source>
        <translation>{span} ab {start}</translation>
    </message>
</context>
<context>
    <name>LookStep</name>
    <message>
        <source>As the desktop</source>
        <translation>Wie der Desktop</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Dark words on a light ground.</source>
        <translation>Dunkle Schrift auf hellem Grund.</translation>
    </message>
    <message>
        <source>How should the panel look? Ctrl+Shift+L switches it at any time.</source>
        <translation>Wie soll das Panel aussehen? Strg+Umschalt+L schaltet jederzeit um.</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Light or dark as the desktop has it now.</source>
        <translation>Hell oder dunkel, wie der Desktop gerade eingestellt ist.</translation>
    </message>
    <message>
        <source>Light words on a dark ground.</source>
        <translation>Helle Schrift auf dunklem Grund.</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>Aussehen</translation>
    </message>
</context>
<context>
    <name>MainWindow</name>
    <message>
        <source>Profile {profile}</source>
        <translation>Profil {profile}</translation>
    </message>
    <message>
        <source>Something in the panel failed ({what}). The engines go on; the log has the details.</source>
        <translation>Etwas im Panel ist fehlgeschlagen ({what}). Die Engines laufen weiter; Einzelheiten stehen im Log.</translation>
    </message>
    <message>
        <source>Stopped: none of our orders rests any more.</source>
        <translation>Gestoppt: Keine unserer Orders liegt mehr.</translation>
    </message>
    <message>
        <source>{command} was asked for; not acknowledged yet.</source>
        <translation>{command} angefragt; noch nicht bestätigt.</translation>
    </message>
    <message>
        <source>{command} was not answered within {seconds} s. If orders rest at the exchange, cancel them there; then quit and start the panel again.</source>
        <translation>{command} wurde nicht innerhalb von {seconds} s beantwortet. Falls Orders an der Börse liegen, dort stornieren; dann das Panel beenden und neu starten.</translation>
    </message>
    <message>
        <source>{command} was refused. {why}</source>
        <translation>{command} wurde abgelehnt. {why}</translation>
    </message>
    <message>
        <source>◌ STARTING – Evenkeel</source>
        <translation>◌ STARTET – Evenkeel</translation>
    </message>
</context>
<context>
    <name>Metrics</name>
    <message>
        <source>0; any other number halts the grid</source>
        <translation>0; jede andere Zahl hält das Grid an</translation>
    </message>
    <message>
        <source>Average entry</source>
        <translation>Mittlerer Einstieg</translation>
    </message>
    <message>
        <source>Both</source>
        <translation>Beide</translation>
    </message>
    <message>
        <source>Idle USD trend</source>
        <translation>Trend der USD-Barquote</translation>
    </message>
    <message>
        <source>Margin per round trip</source>
        <translation>Marge je Roundtrip</translation>
    </message>
    <message>
        <source>Metric</source>
        <translation>Kennzahl</translation>
    </message>
    <message>
        <source>Metrics</source>
        <translation>Kennzahlen</translation>
    </message>
    <message>
        <source>Realised by round trips</source>
        <translation>Durch Roundtrips realisiert</translation>
    </message>
    <message>
        <source>Recoveries given up</source>
        <translation>Aufgegebene Recoverys</translation>
    </message>
    <message>
        <source>Side A (sells first)</source>
        <translation>Seite A (verkauft zuerst)</translation>
    </message>
    <message>
        <source>Side B (buys first)</source>
        <translation>Seite B (kauft zuerst)</translation>
    </message>
    <message>
        <source>Skew sign flips</source>
        <translation>Vorzeichenwechsel der Neigung</translation>
    </message>
    <message>
        <source>USD deployed</source>
        <translation>Eingesetzte USD</translation>
    </message>
    <message>
        <source>Volume drift to Kraken</source>
        <translation>Mengenabweichung zu Kraken</translation>
    </message>
    <message>
        <source>What it should be</source>
        <translation>Soll</translation>
    </message>
    <message>
        <source>buys {value}</source>
        <translation>Käufe {value}</translation>
    </message>
    <message>
        <source>fewer than {count} an hour</source>
        <translation>weniger als {count} je Stunde</translation>
    </message>
    <message>
        <source>grows with the size</source>
        <translation>wächst mit der Größe</translation>
    </message>
    <message>
        <source>larger on the side that is favoured</source>
        <translation>größer auf der bevorzugten Seite</translation>
    </message>
    <message>
        <source>long_only triggers</source>
        <translation>long_only-Auslösungen</translation>
    </message>
    <message>
        <source>more while buys are larger</source>
        <translation>mehr, solange Käufe größer sind</translation>
    </message>
    <message>
        <source>no more than without the governor</source>
        <translation>nicht mehr als ohne den Governor</translation>
    </message>
    <message>
        <source>none</source>
        <translation>keine</translation>
    </message>
    <message>
        <source>sells {value}</source>
        <translation>Verkäufe {value}</translation>
    </message>
    <message>
        <source>short_only triggers</source>
        <translation>short_only-Auslösungen</translation>
    </message>
    <message>
        <source>stays as it is</source>
        <translation>bleibt, wie sie ist</translation>
    </message>
    <message>
        <source>towards {target} while the skew acts</source>
        <translation>in Richtung {target}, solange die Neigung wirkt</translation>
    </message>
    <message>
        <source>{count} in the last hour</source>
        <translation>{count} in der letzten Stunde</translation>
    </message>
    <message>
        <source>{count} orders</source>
        <translation>{count} Orders</translation>
    </message>
    <message>
        <source>{day} in a day, {all} in all</source>
        <translation>{day} an einem Tag, {all} insgesamt</translation>
    </message>
    <message>
        <source>{idle}, {trend}/h</source>
        <translation>{idle}, {trend}/h</translation>
    </message>
    <message>
        <source>{usd} ({multiplier}) in {count}</source>
        <translation>{usd} ({multiplier}) in {count}</translation>
    </message>
    <message>
        <source>{usd} in all</source>
        <translation>{usd} insgesamt</translation>
    </message>
    <message>
        <source>{usd} in {count}</source>
        <translation>{usd} in {count}</translation>
    </message>
    <message>
        <source>{usd} per hour</source>
        <translation>{usd} je Stunde</translation>
    </message>
</context>
<context>
    <name>ModeStep</name>
    <message>
        <source>A PAPER session runs now. Which mode should the next starts have? It can be changed in the settings at any time.</source>
        <translation>Jetzt läuft eine PAPER-Sitzung. Welchen Modus sollen die nächsten Starts haben? Er lässt sich jederzeit in den Einstellungen ändern.</translation>
    </message>
    <message>
        <source>Everything works, on an exchange and chains that live on this computer. Nothing is real and nothing can be lost.</source>
        <translation>Alles funktioniert, an einer Börse und auf Chains, die auf diesem Rechner leben. Nichts ist echt, und nichts kann verloren gehen.</translation>
    </message>
    <message>
        <source>Mode</source>
        <translation>Modus</translation>
    </message>
    <message>
        <source>Places real orders with real money. You are asked at every start, and a key that may withdraw is refused.</source>
        <translation>Platziert echte Orders mit echtem Geld. Vor jedem Start wird nachgefragt, und ein Schlüssel, der abheben darf, wird abgelehnt.</translation>
    </message>
    <message>
        <source>Reads the real exchange and chain and shows what the engines would do. Nothing is ever placed.</source>
        <translation>Liest die echte Börse und Chain und zeigt, was die Engines tun würden. Platziert wird nie etwas.</translation>
    </message>
</context>
<context>
    <name>Money</name>
    <message>
        <source>Abandoned inventory</source>
        <translation>Aufgegebener Bestand</translation>
    </message>
    <message>
        <source>As it was set (orphan_after).</source>
        <translation>Wie eingestellt (orphan_after).</translation>
    </message>
    <message>
        <source>At the middle of the market; what other programs trade is not in it.</source>
        <translation>Zur Marktmitte; was andere Programme handeln, ist nicht darin.</translation>
    </message>
    <message>
        <source>At this volatility; the others become recovery orders.</source>
        <translation>Bei dieser Volatilität; die anderen werden zu Recovery-Orders.</translation>
    </message>
    <message>
        <source>By the last day; {usd} in all.</source>
        <translation>Nach dem letzten Tag; insgesamt {usd}.</translation>
    </message>
    <message>
        <source>Counted from the first price on.</source>
        <translation>Ab dem ersten Preis gezählt.</translation>
    </message>
    <message>
        <source>Edge</source>
        <translation>Vorteil</translation>
    </message>
    <message>
        <source>Exits that fill by then</source>
        <translation>Ausstiege, die bis dahin ausgeführt sind</translation>
    </message>
    <message>
        <source>Exits wait</source>
        <translation>Ausstiege warten</translation>
    </message>
    <message>
        <source>Fees</source>
        <translation>Gebühren</translation>
    </message>
    <message>
        <source>Fees a day</source>
        <translation>Gebühren am Tag</translation>
    </message>
    <message>
        <source>Figure</source>
        <translation>Zahl</translation>
    </message>
    <message>
        <source>Follows the market&apos;s volatility of the last day.</source>
        <translation>Folgt der Volatilität des Markts am letzten Tag.</translation>
    </message>
    <message>
        <source>Holding</source>
        <translation>Halten</translation>
    </message>
    <message>
        <source>Inventory</source>
        <translation>Bestand</translation>
    </message>
    <message>
        <source>Lot {number}: slot {slot}{trade}, since {since}</source>
        <translation>Posten {number}: Slot {slot}{trade}, seit {since}</translation>
    </message>
    <message>
        <source>Money</source>
        <translation>Geld</translation>
    </message>
    <message>
        <source>None.</source>
        <translation>Keiner.</translation>
    </message>
    <message>
        <source>Of closed trades, fees taken off; {usd} of it worked abandoned inventory off.</source>
        <translation>Aus geschlossenen Trades, Gebühren abgezogen; {usd} davon haben aufgegebenen Bestand abgearbeitet.</translation>
    </message>
    <message>
        <source>Of open trades and abandoned inventory, if all of it closed at the middle now.</source>
        <translation>Aus offenen Trades und aufgegebenem Bestand, wenn alles jetzt zur Marktmitte schlösse.</translation>
    </message>
    <message>
        <source>Realised</source>
        <translation>Realisiert</translation>
    </message>
    <message>
        <source>Turnover a day</source>
        <translation>Umsatz am Tag</translation>
    </message>
    <message>
        <source>USD</source>
        <translation>USD</translation>
    </message>
    <message>
        <source>Unrealised</source>
        <translation>Unrealisiert</translation>
    </message>
    <message>
        <source>Value against holding</source>
        <translation>Wert gegenüber Halten</translation>
    </message>
    <message>
        <source>Value of the account</source>
        <translation>Wert des Kontos</translation>
    </message>
    <message>
        <source>What it is</source>
        <translation>Was es ist</translation>
    </message>
    <message>
        <source>What it would be worth had the grid not traded since {since}.</source>
        <translation>Was es wert wäre, hätte das Grid seit {since} nicht gehandelt.</translation>
    </message>
    <message>
        <source>What recovery orders that were given up had not closed, at the middle of the market.</source>
        <translation>Was aufgegebene Recovery-Orders nicht geschlossen hatten, zur Marktmitte.</translation>
    </message>
    <message>
        <source>What the market did since to what was traded.</source>
        <translation>Was der Markt seither aus dem Gehandelten gemacht hat.</translation>
    </message>
    <message>
        <source>What trades were better than the middle of the market at their moment.</source>
        <translation>Wie viel besser Trades waren als die Marktmitte in ihrem Augenblick.</translation>
    </message>
    <message>
        <source>What trading came to: edge + inventory − fees.</source>
        <translation>Was das Handeln ergab: Vorteil + Bestand − Gebühren.</translation>
    </message>
    <message>
        <source>{quantity} bought for {cost}; sales of side A work it off.</source>
        <translation>{quantity} gekauft für {cost}; Verkäufe der Seite A arbeiten es ab.</translation>
    </message>
    <message>
        <source>{quantity} sold for {cost}; buys of side B work it off.</source>
        <translation>{quantity} verkauft für {cost}; Käufe der Seite B arbeiten es ab.</translation>
    </message>
</context>
<context>
    <name>NoticeBar</name>
    <message>
        <source>Close this notice</source>
        <translation>Diese Meldung schließen</translation>
    </message>
    <message>
        <source>What can be done</source>
        <translation>Was getan werden kann</translation>
    </message>
</context>
<context>
    <name>Notifier</name>
    <message>
        <source>{count} alerts came in the quiet hours</source>
        <translation>{count} Alarme kamen während der Ruhezeiten</translation>
    </message>
</context>
<context>
    <name>OptionBounds</name>
    <message>
        <source>above {number}</source>
        <translation>über {number}</translation>
    </message>
    <message>
        <source>at least {number}</source>
        <translation>mindestens {number}</translation>
    </message>
    <message>
        <source>at most {number}</source>
        <translation>höchstens {number}</translation>
    </message>
    <message>
        <source>below {number}</source>
        <translation>unter {number}</translation>
    </message>
    <message>
        <source>{low} to {high}</source>
        <translation>{low} bis {high}</translation>
    </message>
</context>
<context>
    <name>OptionChanges</name>
    <message>
        <source>Nothing would change.</source>
        <translation>Es würde sich nichts ändern.</translation>
    </message>
    <message>
        <source>Revision {number} is in force.</source>
        <translation>Revision {number} gilt.</translation>
    </message>
    <message>
        <source>The configuration changed in the meantime. Reload the file, look at the fields, review again.</source>
        <translation>Die Konfiguration hat sich inzwischen geändert. Die Datei neu laden, die Felder ansehen, erneut prüfen.</translation>
    </message>
    <message>
        <source>The file could not be written ({why}). Nothing has changed; free the disk, then apply again.</source>
        <translation>Die Datei konnte nicht geschrieben werden ({why}). Nichts hat sich geändert; Speicherplatz freigeben, dann erneut anwenden.</translation>
    </message>
    <message>
        <source>The revision is in force, but not every engine took it over ({count}). See the log.</source>
        <translation>Die Revision gilt, aber nicht jede Engine hat sie übernommen ({count}). Siehe Log.</translation>
    </message>
    <message>
        <source>{n} options wait for the next start.</source>
        <translation>Bis zum nächsten Start wartende Optionen: {n}.</translation>
    </message>
</context>
<context>
    <name>OptionChoice</name>
    <message>
        <source>As the system</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Base entries</source>
        <translation>Basiseinstiege</translation>
    </message>
    <message>
        <source>Cancel all</source>
        <translation>Alle stornieren</translation>
    </message>
    <message>
        <source>Cancel the entries</source>
        <translation>Einstiege stornieren</translation>
    </message>
    <message>
        <source>Committed</source>
        <translation>Verplant</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Deutsch (German)</source>
        <translation>Deutsch</translation>
    </message>
    <message>
        <source>Down</source>
        <translation>Abwärts</translation>
    </message>
    <message>
        <source>English</source>
        <translation>English (Englisch)</translation>
    </message>
    <message>
        <source>Flat</source>
        <translation>Seitwärts</translation>
    </message>
    <message>
        <source>From a file</source>
        <translation>Aus einer Datei</translation>
    </message>
    <message>
        <source>Gap</source>
        <translation>Kurslücke</translation>
    </message>
    <message>
        <source>Intermediate</source>
        <translation>Intermediate</translation>
    </message>
    <message>
        <source>Leave them</source>
        <translation>Liegen lassen</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Pro</source>
        <translation>Pro</translation>
    </message>
    <message>
        <source>Spike</source>
        <translation>Ausschlag</translation>
    </message>
    <message>
        <source>Starter</source>
        <translation>Starter</translation>
    </message>
    <message>
        <source>Up</source>
        <translation>Aufwärts</translation>
    </message>
</context>
<context>
    <name>OptionForm</name>
    <message>
        <source>Line {line}: {said}</source>
        <translation>Zeile {line}: {said}</translation>
    </message>
</context>
<context>
    <name>OptionName</name>
    <message>
        <source>Age weight</source>
        <translation>Gewicht des Alters</translation>
    </message>
    <message>
        <source>At end</source>
        <translation>Am Ende</translation>
    </message>
    <message>
        <source>Audit every</source>
        <translation>Prüfung alle</translation>
    </message>
    <message>
        <source>Batch max</source>
        <translation>Größter Batch</translation>
    </message>
    <message>
        <source>Batch portfolios</source>
        <translation>Portfolios je Batch</translation>
    </message>
    <message>
        <source>Batch size threshold</source>
        <translation>Schwelle der Batchgröße</translation>
    </message>
    <message>
        <source>Capacity share ratio</source>
        <translation>Kapazitätsanteil</translation>
    </message>
    <message>
        <source>Chain id</source>
        <translation>Chain-ID</translation>
    </message>
    <message>
        <source>Chain volatility</source>
        <translation>Volatilität der Chain</translation>
    </message>
    <message>
        <source>Chase moves</source>
        <translation>Züge beim Nachlaufen</translation>
    </message>
    <message>
        <source>Chase rest</source>
        <translation>Pause nach Nachlaufen</translation>
    </message>
    <message>
        <source>Close to tray</source>
        <translation>Ins Tray schließen</translation>
    </message>
    <message>
        <source>Confirm</source>
        <translation>Bestätigen</translation>
    </message>
    <message>
        <source>Confirmations</source>
        <translation>Bestätigungen</translation>
    </message>
    <message>
        <source>Connect timeout</source>
        <translation>Zeitlimit der Verbindung</translation>
    </message>
    <message>
        <source>Cooldown minutes</source>
        <translation>Ruhezeit in Minuten</translation>
    </message>
    <message>
        <source>Daily loss</source>
        <translation>Tagesverlust</translation>
    </message>
    <message>
        <source>Damping duration</source>
        <translation>Dauer der Dämpfung</translation>
    </message>
    <message>
        <source>Damping flips</source>
        <translation>Wechsel bis Dämpfung</translation>
    </message>
    <message>
        <source>Damping window</source>
        <translation>Dämpfungsfenster</translation>
    </message>
    <message>
        <source>Dead man</source>
        <translation>Totmannschalter</translation>
    </message>
    <message>
        <source>Dead man renew</source>
        <translation>Totmannschalter erneuern</translation>
    </message>
    <message>
        <source>Deadline</source>
        <translation>Frist</translation>
    </message>
    <message>
        <source>Delegation valid</source>
        <translation>Gültigkeit der Delegation</translation>
    </message>
    <message>
        <source>Depository</source>
        <translation>Depository</translation>
    </message>
    <message>
        <source>Desktop notices</source>
        <translation>Desktop-Meldungen</translation>
    </message>
    <message>
        <source>Destination band</source>
        <translation>Zielbereich</translation>
    </message>
    <message>
        <source>Doge</source>
        <translation>DOGE</translation>
    </message>
    <message>
        <source>Earning limit ratio</source>
        <translation>Grenze für Angelegtes</translation>
    </message>
    <message>
        <source>Ema halflife</source>
        <translation>EMA-Halbwertszeit</translation>
    </message>
    <message>
        <source>Enabled</source>
        <translation>Eingeschaltet</translation>
    </message>
    <message>
        <source>Entries per tick</source>
        <translation>Einstiege je Takt</translation>
    </message>
    <message>
        <source>Entry lease</source>
        <translation>Laufzeit des Einstiegs</translation>
    </message>
    <message>
        <source>Entry pct</source>
        <translation>Einstieg in Prozent</translation>
    </message>
    <message>
        <source>Evict</source>
        <translation>Aufgeben</translation>
    </message>
    <message>
        <source>Faults</source>
        <translation>Fehler</translation>
    </message>
    <message>
        <source>Gap cap intervals</source>
        <translation>Lückengrenze</translation>
    </message>
    <message>
        <source>Gas buffer</source>
        <translation>Gaspuffer</translation>
    </message>
    <message>
        <source>Gas multiple</source>
        <translation>Vielfaches des Gases</translation>
    </message>
    <message>
        <source>Gas spike every</source>
        <translation>Gasspitze alle</translation>
    </message>
    <message>
        <source>Gas surplus</source>
        <translation>Gas-Überschuss</translation>
    </message>
    <message>
        <source>Happen</source>
        <translation>Geschehen</translation>
    </message>
    <message>
        <source>Headroom caution</source>
        <translation>Freiraum Vorsicht</translation>
    </message>
    <message>
        <source>Headroom stop</source>
        <translation>Freiraum Stopp</translation>
    </message>
    <message>
        <source>Http port</source>
        <translation>HTTP-Port</translation>
    </message>
    <message>
        <source>Hub credit</source>
        <translation>Kredit des Hubs</translation>
    </message>
    <message>
        <source>Hub users</source>
        <translation>Nutzer des Hubs</translation>
    </message>
    <message>
        <source>Interval</source>
        <translation>Intervall</translation>
    </message>
    <message>
        <source>Kd</source>
        <translation>Kd</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>Behalten</translation>
    </message>
    <message>
        <source>Kp</source>
        <translation>Kp</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>Sprache</translation>
    </message>
    <message>
        <source>Liquidity</source>
        <translation>Liquidität</translation>
    </message>
    <message>
        <source>Look</source>
        <translation>Aussehen</translation>
    </message>
    <message>
        <source>Look every</source>
        <translation>Ansehen alle</translation>
    </message>
    <message>
        <source>Loss backoff</source>
        <translation>Wartezeit nach Verlusten</translation>
    </message>
    <message>
        <source>Loss backoff from</source>
        <translation>Wartezeit ab Verlusten</translation>
    </message>
    <message>
        <source>Loss cooldown</source>
        <translation>Ruhe nach Verlusten</translation>
    </message>
    <message>
        <source>Loss cooldown from</source>
        <translation>Ruhe ab Verlusten</translation>
    </message>
    <message>
        <source>Maker fee bps</source>
        <translation>Maker-Gebühr in bps</translation>
    </message>
    <message>
        <source>Max day</source>
        <translation>Höchstwert je Tag</translation>
    </message>
    <message>
        <source>Max deviation</source>
        <translation>Größter Preisunterschied</translation>
    </message>
    <message>
        <source>Max gas gwei</source>
        <translation>Höchster Gaspreis</translation>
    </message>
    <message>
        <source>Max interval</source>
        <translation>Höchstwert je Intervall</translation>
    </message>
    <message>
        <source>Max peg deviation</source>
        <translation>Größter Peg-Abstand</translation>
    </message>
    <message>
        <source>Max price age</source>
        <translation>Höchstalter der Preise</translation>
    </message>
    <message>
        <source>Max rebalance</source>
        <translation>Größtes Rebalancing</translation>
    </message>
    <message>
        <source>Max size mult</source>
        <translation>Größter Größenfaktor</translation>
    </message>
    <message>
        <source>Max skew</source>
        <translation>Größte Neigung</translation>
    </message>
    <message>
        <source>Max skew step</source>
        <translation>Größter Neigungsschritt</translation>
    </message>
    <message>
        <source>Max trade</source>
        <translation>Größter Trade</translation>
    </message>
    <message>
        <source>Max twap deviation</source>
        <translation>Größter TWAP-Abstand</translation>
    </message>
    <message>
        <source>Max user</source>
        <translation>Höchstwert je Nutzer</translation>
    </message>
    <message>
        <source>Min pull</source>
        <translation>Kleinster Pull</translation>
    </message>
    <message>
        <source>Min rebalance</source>
        <translation>Kleinstes Rebalancing</translation>
    </message>
    <message>
        <source>Min trade</source>
        <translation>Kleinster Trade</translation>
    </message>
    <message>
        <source>Mirror</source>
        <translation>Kopie</translation>
    </message>
    <message>
        <source>Mode</source>
        <translation>Modus</translation>
    </message>
    <message>
        <source>Most pulls</source>
        <translation>Meiste Pulls</translation>
    </message>
    <message>
        <source>Most waiting</source>
        <translation>Meiste Wartende</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>Name</translation>
    </message>
    <message>
        <source>Neutral band</source>
        <translation>Neutrales Band</translation>
    </message>
    <message>
        <source>Numeraire</source>
        <translation>Numéraire</translation>
    </message>
    <message>
        <source>Order deadline</source>
        <translation>Orderfrist</translation>
    </message>
    <message>
        <source>Order size</source>
        <translation>Ordergröße</translation>
    </message>
    <message>
        <source>Orders by</source>
        <translation>Orders über</translation>
    </message>
    <message>
        <source>Orphan after</source>
        <translation>Verwaist nach</translation>
    </message>
    <message>
        <source>Oversize</source>
        <translation>Übergröße</translation>
    </message>
    <message>
        <source>Pair</source>
        <translation>Paar</translation>
    </message>
    <message>
        <source>Partial cancel stop</source>
        <translation>Stopp nach Teilausführung</translation>
    </message>
    <message>
        <source>Plan valid</source>
        <translation>Gültigkeit des Plans</translation>
    </message>
    <message>
        <source>Price age limit</source>
        <translation>Höchstalter des Preises</translation>
    </message>
    <message>
        <source>Price file</source>
        <translation>Preisdatei</translation>
    </message>
    <message>
        <source>Price impact threshold</source>
        <translation>Schwelle des Price Impact</translation>
    </message>
    <message>
        <source>Price source</source>
        <translation>Preisquelle</translation>
    </message>
    <message>
        <source>Prices every</source>
        <translation>Preise alle</translation>
    </message>
    <message>
        <source>Priority</source>
        <translation>Priorität</translation>
    </message>
    <message>
        <source>Profit pct</source>
        <translation>Gewinn in Prozent</translation>
    </message>
    <message>
        <source>Proxy</source>
        <translation>Proxy</translation>
    </message>
    <message>
        <source>Pull</source>
        <translation>Pull</translation>
    </message>
    <message>
        <source>Pull valid</source>
        <translation>Gültigkeit des Pulls</translation>
    </message>
    <message>
        <source>Quiet from</source>
        <translation>Ruhe von</translation>
    </message>
    <message>
        <source>Quiet lets grave</source>
        <translation>Schwerwiegende trotz Ruhe</translation>
    </message>
    <message>
        <source>Quiet to</source>
        <translation>Ruhe bis</translation>
    </message>
    <message>
        <source>Rebalance fee bps</source>
        <translation>Rebalancing-Gebühr in bps</translation>
    </message>
    <message>
        <source>Recoveries per slot</source>
        <translation>Recoverys je Slot</translation>
    </message>
    <message>
        <source>Refresh pct</source>
        <translation>Nachziehen in Prozent</translation>
    </message>
    <message>
        <source>Regime</source>
        <translation>Regime</translation>
    </message>
    <message>
        <source>Replace after blocks</source>
        <translation>Ersetzen nach Blöcken</translation>
    </message>
    <message>
        <source>Request timeout</source>
        <translation>Zeitlimit der Anfrage</translation>
    </message>
    <message>
        <source>Request valid</source>
        <translation>Gültigkeit der Anfrage</translation>
    </message>
    <message>
        <source>Retry</source>
        <translation>Neuer Versuch</translation>
    </message>
    <message>
        <source>Runway committed factor</source>
        <translation>Reserve in nächsten Einstiegen</translation>
    </message>
    <message>
        <source>Runway entries factor</source>
        <translation>Reserve in Einstiegen</translation>
    </message>
    <message>
        <source>Runway floor</source>
        <translation>Reserveboden</translation>
    </message>
    <message>
        <source>Sample every</source>
        <translation>Messung alle</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>Seed</translation>
    </message>
    <message>
        <source>Size sensitivity</source>
        <translation>Größenempfindlichkeit</translation>
    </message>
    <message>
        <source>Slippage tolerance</source>
        <translation>Slippage-Toleranz</translation>
    </message>
    <message>
        <source>Slots</source>
        <translation>Slots</translation>
    </message>
    <message>
        <source>Soft limit basis</source>
        <translation>Basis der weichen Grenze</translation>
    </message>
    <message>
        <source>Soft limit every</source>
        <translation>Weiche Grenze alle</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>Geschwindigkeit</translation>
    </message>
    <message>
        <source>Spread bps</source>
        <translation>Spread in bps</translation>
    </message>
    <message>
        <source>Start price</source>
        <translation>Startpreis</translation>
    </message>
    <message>
        <source>Starves after</source>
        <translation>Vorrang nach</translation>
    </message>
    <message>
        <source>Status port</source>
        <translation>Status-Port</translation>
    </message>
    <message>
        <source>Stop deadline</source>
        <translation>Frist zum Beenden</translation>
    </message>
    <message>
        <source>Stop floor</source>
        <translation>Stopp-Boden</translation>
    </message>
    <message>
        <source>Surplus</source>
        <translation>Überschuss</translation>
    </message>
    <message>
        <source>Taker fee bps</source>
        <translation>Taker-Gebühr in bps</translation>
    </message>
    <message>
        <source>Target idle ratio</source>
        <translation>Ziel der Barquote</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>Schwelle</translation>
    </message>
    <message>
        <source>Tier</source>
        <translation>Stufe</translation>
    </message>
    <message>
        <source>Trust</source>
        <translation>Vertrauen</translation>
    </message>
    <message>
        <source>Twap window</source>
        <translation>TWAP-Fenster</translation>
    </message>
    <message>
        <source>Uniswap v2 router</source>
        <translation>Uniswap-V2-Router</translation>
    </message>
    <message>
        <source>Usd</source>
        <translation>USD</translation>
    </message>
    <message>
        <source>User credit</source>
        <translation>Kredit des Nutzers</translation>
    </message>
    <message>
        <source>Webhook url</source>
        <translation>Webhook-URL</translation>
    </message>
</context>
<context>
    <name>OptionRow</name>
    <message>
        <source>At the next start</source>
        <translation>Beim nächsten Start</translation>
    </message>
    <message>
        <source>Changed</source>
        <translation>Geändert</translation>
    </message>
    <message>
        <source>Default</source>
        <translation>Standard</translation>
    </message>
    <message>
        <source>Held by {variable}</source>
        <translation>Festgelegt durch {variable}</translation>
    </message>
    <message>
        <source>In force: {value} ({source})</source>
        <translation>Gilt: {value} ({source})</translation>
    </message>
    <message>
        <source>Moves a limit</source>
        <translation>Verschiebt eine Grenze</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>Aus</translation>
    </message>
    <message>
        <source>On</source>
        <translation>An</translation>
    </message>
    <message>
        <source>Set {option} to its default</source>
        <translation>{option} auf den Standardwert setzen</translation>
    </message>
    <message>
        <source>default</source>
        <translation>Standard</translation>
    </message>
    <message>
        <source>default {value}</source>
        <translation>Standard {value}</translation>
    </message>
    <message>
        <source>from the environment</source>
        <translation>aus der Umgebung</translation>
    </message>
    <message>
        <source>from the file</source>
        <translation>aus der Datei</translation>
    </message>
    <message>
        <source>not set</source>
        <translation>nicht gesetzt</translation>
    </message>
</context>
<context>
    <name>OptionSection</name>
    <message>
        <source>Chain</source>
        <translation>Chain</translation>
    </message>
    <message>
        <source>Desk</source>
        <translation>Panel</translation>
    </message>
    <message>
        <source>Drift</source>
        <translation>Drift</translation>
    </message>
    <message>
        <source>Governor</source>
        <translation>Governor</translation>
    </message>
    <message>
        <source>Grid</source>
        <translation>Grid</translation>
    </message>
    <message>
        <source>Hub</source>
        <translation>Hub</translation>
    </message>
    <message>
        <source>Paper</source>
        <translation>Paper</translation>
    </message>
    <message>
        <source>Store</source>
        <translation>Speicher</translation>
    </message>
    <message>
        <source>Venue</source>
        <translation>Börse</translation>
    </message>
</context>
<context>
    <name>OptionText</name>
    <message>
        <source>A price older than this pauses entries, exits and moves.</source>
        <translation>Ein älterer Preis hält Einstiege, Ausstiege und Verschiebungen an.</translation>
    </message>
    <message>
        <source>A request that could not be carried out for so long ends, and its fees go back.</source>
        <translation>Eine Anfrage, die so lange nicht ausgeführt werden konnte, endet, und ihre Gebühren gehen zurück.</translation>
    </message>
    <message>
        <source>A smoothed error smaller than this asks for no skew.</source>
        <translation>Ein geglätteter Fehler unter diesem Wert verlangt keine Neigung.</translation>
    </message>
    <message>
        <source>Address of the Depository contract of OBSERVE and LIVE; empty for no hub. PAPER deploys its own.</source>
        <translation>Adresse des Depository-Contracts von OBSERVE und LIVE; leer für keinen Hub. PAPER bringt einen eigenen auf die Chain.</translation>
    </message>
    <message>
        <source>After a longer silence than this many intervals the update counts only this much time.</source>
        <translation>Nach längerer Stille als so vielen Intervallen zählt die Aktualisierung nur so viel Zeit.</translation>
    </message>
    <message>
        <source>After an order was cancelled with a part filled, capacity counts as stop for this long.</source>
        <translation>Nachdem eine teilweise ausgeführte Order storniert wurde, gilt die Kapazität so lange als Stopp.</translation>
    </message>
    <message>
        <source>After this a request goes before all that are younger.</source>
        <translation>Danach geht eine Anfrage vor allen jüngeren.</translation>
    </message>
    <message>
        <source>An entry further than this from the market is moved, one a tick and slot.</source>
        <translation>Ein weiter vom Markt entfernter Einstieg wird verschoben, einer je Takt und Slot.</translation>
    </message>
    <message>
        <source>Ask over bid.</source>
        <translation>Brief über Geld.</translation>
    </message>
    <message>
        <source>Ask users who have spent to sign their collateral back when the reserve does not cover what waits.</source>
        <translation>Nutzer, die ausgegeben haben, bitten, ihre Sicherheiten zurückzuunterschreiben, wenn die Reserve nicht deckt, was wartet.</translation>
    </message>
    <message>
        <source>Base size of one entry; a slot&apos;s realised profit is added to it.</source>
        <translation>Basisgröße eines Einstiegs; der realisierte Gewinn eines Slots kommt hinzu.</translation>
    </message>
    <message>
        <source>Blocks until a transaction is final, its own included: one more than a reorganisation may take back.</source>
        <translation>Blöcke, bis eine Transaktion endgültig ist, ihr eigener eingeschlossen: einer mehr, als eine Reorganisation zurücknehmen kann.</translation>
    </message>
    <message>
        <source>By what share each minute of waiting raises a request&apos;s rank.</source>
        <translation>Um welchen Anteil jede Minute Wartezeit den Rang einer Anfrage hebt.</translation>
    </message>
    <message>
        <source>Closing the window leaves the program running in the tray, in PAPER and OBSERVE and where there is a tray. In LIVE closing the window always ends the program.</source>
        <translation>Beim Schließen des Fensters läuft das Programm im Tray weiter, in PAPER und OBSERVE und wo es ein Tray gibt. In LIVE beendet das Schließen des Fensters immer das Programm.</translation>
    </message>
    <message>
        <source>Copy the governor&apos;s state and updates, fills, rebalances and the hub&apos;s ledger to PostgreSQL (a Supabase project is one), from where a new machine resumes the governor. The local store stays complete, and nothing waits for the copy. The address is kept in the keyring as store.url (Keys page), or given as EVENKEEL_POSTGRESQL_URL.</source>
        <translation>Zustand und Aktualisierungen des Governors, Fills, Rebalancings und das Kontobuch des Hubs nach PostgreSQL kopieren (ein Supabase-Projekt ist eines), von wo ein neuer Rechner den Governor fortsetzt. Der lokale Speicher bleibt vollständig, und nichts wartet auf die Kopie. Die Adresse liegt im Schlüsselbund als store.url (Seite Schlüssel) oder kommt als EVENKEEL_POSTGRESQL_URL.</translation>
    </message>
    <message>
        <source>DOGE in the account at the start.</source>
        <translation>DOGE auf dem Konto beim Start.</translation>
    </message>
    <message>
        <source>Distance of an entry from the market; set by a person only, never touched by the governor.</source>
        <translation>Abstand eines Einstiegs vom Markt; nur von einem Menschen gesetzt, nie vom Governor berührt.</translation>
    </message>
    <message>
        <source>Distance of an exit from its entry; must be more than the round trip of maker fees.</source>
        <translation>Abstand eines Ausstiegs von seinem Einstieg; muss mehr sein als die Maker-Gebühren hin und zurück.</translation>
    </message>
    <message>
        <source>Faults committed on purpose, as `lose-answer:0.05,delay:2s:0.1`.</source>
        <translation>Absichtlich begangene Fehler, etwa `lose-answer:0.05,delay:2s:0.1`.</translation>
    </message>
    <message>
        <source>Fee of an order that filled at once.</source>
        <translation>Gebühr einer Order, die sofort ausgeführt wurde.</translation>
    </message>
    <message>
        <source>Fee of an order that rested before it filled.</source>
        <translation>Gebühr einer Order, die vor ihrer Ausführung lag.</translation>
    </message>
    <message>
        <source>For the regime `file`: a CSV of seconds from the start and price in US dollars.</source>
        <translation>Für das Regime `file`: eine CSV aus Sekunden ab Start und Preis in US-Dollar.</translation>
    </message>
    <message>
        <source>From this local time on desktop notifications are held; empty: never.</source>
        <translation>Ab dieser Ortszeit werden Desktop-Benachrichtigungen zurückgehalten; leer: nie.</translation>
    </message>
    <message>
        <source>From this many losses in a row a trade rests.</source>
        <translation>Ab so vielen Verlusten in Folge ruht ein Trade.</translation>
    </message>
    <message>
        <source>From this many losses in a row a trade waits before re-entry.</source>
        <translation>Ab so vielen Verlusten in Folge wartet ein Trade vor dem Wiedereinstieg.</translation>
    </message>
    <message>
        <source>Gives each entry an expiry at Kraken this long after it was placed, so that entries end by themselves if this program dies; exits stay. 0 switches it off.</source>
        <translation>Gibt jedem Einstieg bei Kraken so lange nach der Platzierung einen Ablauf, damit Einstiege von selbst enden, falls dieses Programm stirbt; Ausstiege bleiben. 0 schaltet es ab.</translation>
    </message>
    <message>
        <source>Grave alerts are shown as notifications during the quiet hours too.</source>
        <translation>Schwerwiegende Alarme erscheinen auch in den Ruhezeiten als Benachrichtigung.</translation>
    </message>
    <message>
        <source>How far a pool&apos;s price may be from its own average before it counts as moved by somebody; 0 is off.</source>
        <translation>Wie weit der Preis eines Pools von seinem eigenen Mittel liegen darf, bevor er als von jemandem bewegt gilt; 0 heißt aus.</translation>
    </message>
    <message>
        <source>How far a token with a peg may be from it before it is no longer traded.</source>
        <translation>Wie weit ein Token mit Peg von diesem entfernt sein darf, bevor es nicht mehr gehandelt wird.</translation>
    </message>
    <message>
        <source>How far one swap may move its pools&apos; price.</source>
        <translation>Wie weit ein Swap den Preis seiner Pools bewegen darf.</translation>
    </message>
    <message>
        <source>How far the two price sources may be from each other; at 0 one source is enough.</source>
        <translation>Wie weit die beiden Preisquellen auseinanderliegen dürfen; bei 0 genügt eine Quelle.</translation>
    </message>
    <message>
        <source>How hard it follows the trend of the error. At the default its share is about 0.00003 of skew; it begins to matter in the hundreds or thousands of seconds.</source>
        <translation>Wie stark er dem Trend des Fehlers folgt. Beim Standardwert beträgt sein Anteil etwa 0.00003 Neigung; Gewicht bekommt er erst bei Hunderten oder Tausenden Sekunden.</translation>
    </message>
    <message>
        <source>How hard the governor pushes for each point of smoothed error.</source>
        <translation>Wie stark der Governor je Punkt des geglätteten Fehlers drückt.</translation>
    </message>
    <message>
        <source>How long a plan waits for its confirmation.</source>
        <translation>Wie lange ein Plan auf seine Bestätigung wartet.</translation>
    </message>
    <message>
        <source>How long a portfolio rests after a plan of its own that reached the chain, whatever came of it.</source>
        <translation>Wie lange ein Portfolio nach einem eigenen Plan ruht, der die Chain erreicht hat, was auch daraus wurde.</translation>
    </message>
    <message>
        <source>How long a trade rests after that many losses.</source>
        <translation>Wie lange ein Trade nach so vielen Verlusten ruht.</translation>
    </message>
    <message>
        <source>How long a transaction with too low fees waits before the same one is sent at higher fees.</source>
        <translation>Wie lange eine Transaktion mit zu niedrigen Gebühren wartet, bevor dieselbe mit höheren gesendet wird.</translation>
    </message>
    <message>
        <source>How long a user has to sign what is asked back.</source>
        <translation>Wie lange ein Nutzer Zeit hat zu unterschreiben, was zurückgefragt wird.</translation>
    </message>
    <message>
        <source>How long an answer is waited for; without one an order is looked up, never simply sent again.</source>
        <translation>Wie lange auf eine Antwort gewartet wird; ohne sie wird eine Order nachgeschlagen, nie einfach erneut gesendet.</translation>
    </message>
    <message>
        <source>How long an entry that chased the market is left alone.</source>
        <translation>Wie lange ein Einstieg, der dem Markt nachlief, in Ruhe gelassen wird.</translation>
    </message>
    <message>
        <source>How long an exit waits before it becomes a recovery order: `auto`, or a number of seconds. `auto` is the age at which a move of profit_pct has had a 60 % chance at the volatility of the last day, within 1 to 48 hours, 4 hours while there is no data.</source>
        <translation>Wie lange ein Ausstieg wartet, bevor er zur Recovery-Order wird: `auto` oder eine Zahl von Sekunden. `auto` ist das Alter, in dem eine Bewegung um profit_pct bei der Volatilität des letzten Tages eine Chance von 60 % hatte, zwischen 1 und 48 Stunden, 4 Stunden, solange es keine Daten gibt.</translation>
    </message>
    <message>
        <source>How long each engine may take to end when a session ends.</source>
        <translation>Wie lange jede Engine zum Beenden brauchen darf, wenn eine Sitzung endet.</translation>
    </message>
    <message>
        <source>How long the cap stays halved after an oscillation.</source>
        <translation>Wie lange die Obergrenze nach einer Schwingung halbiert bleibt.</translation>
    </message>
    <message>
        <source>How long the delegation for one plan may be used after it was signed.</source>
        <translation>Wie lange die Delegation für einen Plan nach ihrer Signatur benutzt werden darf.</translation>
    </message>
    <message>
        <source>How long the node may take to answer.</source>
        <translation>Wie lange der Knoten zum Antworten brauchen darf.</translation>
    </message>
    <message>
        <source>How long the oldest request waits before a batch goes; also the interval that its cap counts.</source>
        <translation>Wie lange die älteste Anfrage wartet, bevor ein Batch geht; zugleich das Intervall, für das seine Obergrenze zählt.</translation>
    </message>
    <message>
        <source>How long the pools&apos; prices are averaged over.</source>
        <translation>Über welche Zeit die Preise der Pools gemittelt werden.</translation>
    </message>
    <message>
        <source>How long the sockets may take to connect and be subscribed before they are tried again.</source>
        <translation>Wie lange die Sockets zum Verbinden und Abonnieren brauchen dürfen, bevor neu versucht wird.</translation>
    </message>
    <message>
        <source>How many new entries may be placed in one pass.</source>
        <translation>Wie viele neue Einstiege in einem Durchgang platziert werden dürfen.</translation>
    </message>
    <message>
        <source>How many portfolios&apos; plans may share one transaction.</source>
        <translation>Wie viele Portfolios ihre Pläne in einer Transaktion teilen dürfen.</translation>
    </message>
    <message>
        <source>How many slots the grid runs, two trades each.</source>
        <translation>Wie viele Slots das Grid betreibt, je zwei Trades.</translation>
    </message>
    <message>
        <source>How many times faster than the machine paper time runs.</source>
        <translation>Wievielmal schneller als die des Rechners die Paper-Zeit läuft.</translation>
    </message>
    <message>
        <source>How many times its own gas a rebalance must be worth.</source>
        <translation>Das Wievielfache seines eigenen Gases ein Rebalancing wert sein muss.</translation>
    </message>
    <message>
        <source>How many users the paper hub has; 0 for none.</source>
        <translation>Wie viele Nutzer der Paper-Hub hat; 0 für keine.</translation>
    </message>
    <message>
        <source>How much fair prices on the paper chain wander in two seconds, beside the jumps that come now and then.</source>
        <translation>Wie sehr faire Preise auf der Paper-Chain in zwei Sekunden schwanken, neben den gelegentlichen Sprüngen.</translation>
    </message>
    <message>
        <source>How much larger the excess side&apos;s entries get for each unit of skew.</source>
        <translation>Wie viel größer die Einstiege der überschüssigen Seite je Einheit Neigung werden.</translation>
    </message>
    <message>
        <source>How much less than quoted a swap may give before it reverts; whole basis points.</source>
        <translation>Wie viel weniger als quotiert ein Swap bringen darf, bevor er rückgängig gemacht wird; ganze Basispunkte.</translation>
    </message>
    <message>
        <source>How often CoinGecko is asked.</source>
        <translation>Wie oft CoinGecko gefragt wird.</translation>
    </message>
    <message>
        <source>How often a portfolio&apos;s value is kept for analytics.</source>
        <translation>Wie oft der Wert eines Portfolios für die Auswertung festgehalten wird.</translation>
    </message>
    <message>
        <source>How often every account is held against the index.</source>
        <translation>Wie oft jedes Konto mit dem Index abgeglichen wird.</translation>
    </message>
    <message>
        <source>How often gas on the paper hub&apos;s chain spikes to 500 gwei, for 40 s; 0 for never.</source>
        <translation>Wie oft Gas auf der Chain des Paper-Hubs für 40 s auf 500 gwei springt; 0 für nie.</translation>
    </message>
    <message>
        <source>How often prices are asked for.</source>
        <translation>Wie oft Preise abgefragt werden.</translation>
    </message>
    <message>
        <source>How often the chain is looked at.</source>
        <translation>Wie oft die Chain angesehen wird.</translation>
    </message>
    <message>
        <source>How often the dead man&apos;s switch is pushed back; Kraken recommends every 15 to 30 seconds.</source>
        <translation>Wie oft der Totmannschalter zurückgestellt wird; Kraken empfiehlt alle 15 bis 30 Sekunden.</translation>
    </message>
    <message>
        <source>How often the gas-adjusted minimum is set anew.</source>
        <translation>Wie oft das ans Gas angepasste Minimum neu gesetzt wird.</translation>
    </message>
    <message>
        <source>How the market moves: flat, up, down, spike, gap, or after a price file.</source>
        <translation>Wie sich der Markt bewegt: seitwärts (flat), aufwärts (up), abwärts (down), Ausschlag (spike), Kurslücke (gap) oder nach einer Preisdatei.</translation>
    </message>
    <message>
        <source>Keep the paper world in the profile, so that the next start goes on with its account, market and clock; off, each start is a fresh world. --fresh sets a kept world aside and starts a new one.</source>
        <translation>Die Paper-Welt im Profil behalten, sodass der nächste Start mit ihrem Konto, Markt und ihrer Uhr weitergeht; ausgeschaltet ist jeder Start eine frische Welt. --fresh legt eine behaltene Welt beiseite und beginnt eine neue.</translation>
    </message>
    <message>
        <source>Kraken&apos;s dead man&apos;s switch: if this program is silent for this long, Kraken cancels ALL orders of the whole account: exits too, and orders placed by hand or by other programs. Kraken recommends 60. 0 switches it off; to let only entries end, set grid.entry_lease_s instead.</source>
        <translation>Krakens Totmannschalter: Schweigt dieses Programm so lange, storniert Kraken ALLE Orders des ganzen Kontos: auch Ausstiege und Orders, die von Hand oder von anderen Programmen stammen. Kraken empfiehlt 60. 0 schaltet ihn ab; damit nur Einstiege enden, stattdessen grid.entry_lease_s setzen.</translation>
    </message>
    <message>
        <source>Light, dark, or as the desktop has it.</source>
        <translation>Hell, dunkel oder wie der Desktop.</translation>
    </message>
    <message>
        <source>Mean volume on offer at one price in one second.</source>
        <translation>Mittleres Volumen, das zu einem Preis in einer Sekunde angeboten wird.</translation>
    </message>
    <message>
        <source>More requests than this do not wait.</source>
        <translation>Mehr Anfragen als diese warten nicht.</translation>
    </message>
    <message>
        <source>Older prices hold the soft limit where it is; four times as old, and nothing is accepted or sent.</source>
        <translation>Ältere Preise halten die weiche Grenze, wo sie ist; viermal so alt, wird nichts angenommen oder gesendet.</translation>
    </message>
    <message>
        <source>Port on 127.0.0.1 at which other programs of this machine can read the governor&apos;s status (GET /api/status); 0 is off. Nothing can be changed there.</source>
        <translation>Port auf 127.0.0.1, an dem andere Programme dieses Rechners den Stand des Governors lesen können (GET /api/status); 0 heißt aus. Ändern lässt sich dort nichts.</translation>
    </message>
    <message>
        <source>Port on 127.0.0.1 at which users&apos; wallets reach the hub; 0: one that is free.</source>
        <translation>Port auf 127.0.0.1, an dem die Wallets der Nutzer den Hub erreichen; 0: einer, der frei ist.</translation>
    </message>
    <message>
        <source>Price of one DOGE at the start.</source>
        <translation>Preis eines DOGE beim Start.</translation>
    </message>
    <message>
        <source>Prices older than this block the portfolio.</source>
        <translation>Ältere Preise blockieren das Portfolio.</translation>
    </message>
    <message>
        <source>Realised loss of one UTC day after which no entry is placed until the day ends.</source>
        <translation>Realisierter Verlust eines UTC-Tages, nach dem bis zum Ende des Tages kein Einstieg platziert wird.</translation>
    </message>
    <message>
        <source>Recovery orders a slot may keep.</source>
        <translation>Wie viele Recovery-Orders ein Slot behalten darf.</translation>
    </message>
    <message>
        <source>Share of the open orders that the account&apos;s tier allows on the pair which the grid may use.</source>
        <translation>Anteil der offenen Orders, die die Stufe des Kontos für das Paar erlaubt, den das Grid nutzen darf.</translation>
    </message>
    <message>
        <source>Show alerts as notifications of the desktop, where there is a tray.</source>
        <translation>Alarme als Benachrichtigungen des Desktops zeigen, wo es ein Tray gibt.</translation>
    </message>
    <message>
        <source>Smoothing of error and velocity. In spite of its name in the source this is the time constant of alpha = 1 - exp(-dt / value): at 1800 s half of a step is reached after 1248 s.</source>
        <translation>Glättung von Fehler und Geschwindigkeit. Trotz des Namens in der Quelle ist dies die Zeitkonstante von alpha = 1 - exp(-dt / Wert): Bei 1800 s ist die Hälfte eines Sprungs nach 1248 s erreicht.</translation>
    </message>
    <message>
        <source>So many changes of sign within the window count as an oscillation and halve the cap.</source>
        <translation>So viele Vorzeichenwechsel im Fenster gelten als Schwingung und halbieren die Obergrenze.</translation>
    </message>
    <message>
        <source>So many waiting requests send a batch at once.</source>
        <translation>So viele wartende Anfragen lösen sofort einen Batch aus.</translation>
    </message>
    <message>
        <source>The account&apos;s verification tier: it sets how fast orders may be sent and how many may rest. A tier above the real one makes Kraken refuse orders; one below it only makes this program slower.</source>
        <translation>Die Verifizierungsstufe des Kontos: Sie bestimmt, wie schnell Orders gesendet werden und wie viele liegen dürfen. Über der echten lehnt Kraken Orders ab; unter ihr wird dieses Programm nur langsamer.</translation>
    </message>
    <message>
        <source>The exchange must not take an order that reaches it later than this after it was decided.</source>
        <translation>Die Börse darf eine Order nicht annehmen, die sie später als so lange nach der Entscheidung erreicht.</translation>
    </message>
    <message>
        <source>The first wait after losses; each further loss doubles it.</source>
        <translation>Die erste Wartezeit nach Verlusten; jeder weitere verdoppelt sie.</translation>
    </message>
    <message>
        <source>The fraction of the threshold at which trading stops. At 0 every token is brought to its exact target; at 0.5 far fewer swaps do.</source>
        <translation>Der Anteil der Schwelle, bei dem der Handel endet. Bei 0 wird jedes Token genau auf sein Ziel gebracht; bei 0.5 genügen weit weniger Swaps.</translation>
    </message>
    <message>
        <source>The hub&apos;s fee on the amount.</source>
        <translation>Die Gebühr des Hubs auf den Betrag.</translation>
    </message>
    <message>
        <source>The language of the panel: English, German, or as the system has it; English where it has another one.</source>
        <translation>Die Sprache des Panels: Englisch, Deutsch oder wie das System; Englisch, wo es eine andere hat.</translation>
    </message>
    <message>
        <source>The largest change of skew in one update; reductions for safety are immediate.</source>
        <translation>Die größte Änderung der Neigung in einer Aktualisierung; Rücknahmen zur Sicherheit wirken sofort.</translation>
    </message>
    <message>
        <source>The largest multiple of its base size that an entry may have; never above 1.5.</source>
        <translation>Das größte Vielfache der Basisgröße, das ein Einstieg haben darf; nie über 1.5.</translation>
    </message>
    <message>
        <source>The largest single swap.</source>
        <translation>Der größte einzelne Swap.</translation>
    </message>
    <message>
        <source>The largest skew to either side; halved for a while after an oscillation.</source>
        <translation>Die größte Neigung nach jeder Seite; nach einer Schwingung eine Zeit lang halbiert.</translation>
    </message>
    <message>
        <source>The least that a request may be worth, however cheap gas is.</source>
        <translation>Das Wenigste, was eine Anfrage wert sein darf, wie günstig Gas auch ist.</translation>
    </message>
    <message>
        <source>The least that is asked back from a user.</source>
        <translation>Das Wenigste, was von einem Nutzer zurückgefragt wird.</translation>
    </message>
    <message>
        <source>The mode of a session when the command line names none; LIVE is confirmed by a person each time.</source>
        <translation>Der Modus einer Sitzung, wenn die Befehlszeile keinen nennt; LIVE bestätigt jedes Mal ein Mensch.</translation>
    </message>
    <message>
        <source>The most that a user&apos;s collateral may be worth, what is on its way included.</source>
        <translation>Das Meiste, was die Sicherheiten eines Nutzers wert sein dürfen, Unterwegs Befindliches eingeschlossen.</translation>
    </message>
    <message>
        <source>The most that are asked for at a time.</source>
        <translation>Das Meiste, was auf einmal zurückgefragt wird.</translation>
    </message>
    <message>
        <source>The most that go in one batch.</source>
        <translation>Das Meiste, was in einem Batch mitgeht.</translation>
    </message>
    <message>
        <source>The most that is pushed within any 24 hours.</source>
        <translation>Das Meiste, was innerhalb beliebiger 24 Stunden gepusht wird.</translation>
    </message>
    <message>
        <source>The most that is pushed within one interval.</source>
        <translation>Das Meiste, was innerhalb eines Intervalls gepusht wird.</translation>
    </message>
    <message>
        <source>The most that one gas may cost; above it a plan waits.</source>
        <translation>Das Meiste, was ein Gas kosten darf; darüber wartet ein Plan.</translation>
    </message>
    <message>
        <source>The most that one gas may cost; above it nothing is sent and everybody waits.</source>
        <translation>Das Meiste, was ein Gas kosten darf; darüber wird nichts gesendet, und alle warten.</translation>
    </message>
    <message>
        <source>The most that one request may be worth.</source>
        <translation>Das Meiste, was eine Anfrage wert sein darf.</translation>
    </message>
    <message>
        <source>The name that rows are kept under at PostgreSQL; empty takes the name of the profile&apos;s folder. One running program writes under it at a time, and an empty profile with the same name resumes from it.</source>
        <translation>Der Name, unter dem Zeilen bei PostgreSQL liegen; leer nimmt den Namen des Profilordners. Nur ein laufendes Programm schreibt zur selben Zeit darunter, und ein leeres Profil mit demselben Namen setzt daraus fort.</translation>
    </message>
    <message>
        <source>The number of the chain; a node that is on another one is refused. PAPER has a chain of its own.</source>
        <translation>Die Nummer der Chain; ein Knoten auf einer anderen wird abgelehnt. PAPER hat eine eigene Chain.</translation>
    </message>
    <message>
        <source>The pair that is traded, written BASE/QUOTE as Kraken&apos;s WebSocket v2 writes it.</source>
        <translation>Das gehandelte Paar, geschrieben BASE/QUOTE wie bei Krakens WebSocket v2.</translation>
    </message>
    <message>
        <source>The proxy on the way to Kraken, as http://HOST:PORT; system takes the one that this computer is set to, and empty is none. A name and a password belong into the computer&apos;s setting, not here.</source>
        <translation>Der Proxy auf dem Weg zu Kraken, als http://HOST:PORT; system nimmt den, der auf diesem Rechner eingestellt ist, leer heißt keiner. Name und Passwort gehören in die Einstellung des Rechners, nicht hierher.</translation>
    </message>
    <message>
        <source>The relative drift of one token that triggers a rebalance: 0.15 on test networks, 0.05 on main networks.</source>
        <translation>Die relative Abweichung eines Tokens, die ein Rebalancing auslöst: 0.15 in Testnetzen, 0.05 in Hauptnetzen.</translation>
    </message>
    <message>
        <source>The router&apos;s address; empty for the one that is known for the chain.</source>
        <translation>Die Adresse des Routers; leer für den, der zur Chain bekannt ist.</translation>
    </message>
    <message>
        <source>The same seed gives the same market.</source>
        <translation>Derselbe Seed ergibt denselben Markt.</translation>
    </message>
    <message>
        <source>The share of the USD balance that should lie idle, as a ratio from 0 to 1.</source>
        <translation>Der Anteil des USD-Guthabens, der ungenutzt liegen soll, als Verhältnis von 0 bis 1.</translation>
    </message>
    <message>
        <source>The smallest single swap; what is smaller stays as it is.</source>
        <translation>Der kleinste einzelne Swap; was kleiner ist, bleibt, wie es ist.</translation>
    </message>
    <message>
        <source>The token that the pools&apos; prices are counted in; its own price in USD comes from CoinGecko.</source>
        <translation>Das Token, in dem die Preise der Pools gezählt werden; sein eigener Preis in USD kommt von CoinGecko.</translation>
    </message>
    <message>
        <source>The way on which orders leave: socket sends them at once, side by side, and falls back on REST while the socket is down; rest sends them one after the other, each waiting for the answer to the one before it.</source>
        <translation>Der Weg, auf dem Orders hinausgehen: socket sendet sie sofort nebeneinander und weicht auf REST aus, solange der Socket fehlt; rest sendet sie nacheinander, jede wartet auf die Antwort der vorigen.</translation>
    </message>
    <message>
        <source>The window in which changes of sign are counted.</source>
        <translation>Das Fenster, in dem Vorzeichenwechsel gezählt werden.</translation>
    </message>
    <message>
        <source>This many moves in one direction in a row start a rest.</source>
        <translation>So viele Züge nacheinander in eine Richtung lösen eine Pause aus.</translation>
    </message>
    <message>
        <source>Total value of the account below which the grid stops; 0 switches it off.</source>
        <translation>Gesamtwert des Kontos, unter dem das Grid stoppt; 0 schaltet es ab.</translation>
    </message>
    <message>
        <source>US dollars in the account at the start; with the grid&apos;s defaults 42 is an idle ratio on target.</source>
        <translation>US-Dollar auf dem Konto beim Start; mit den Standardwerten des Grids ist 42 eine Barquote am Ziel.</translation>
    </message>
    <message>
        <source>Until this local time desktop notifications are held.</source>
        <translation>Bis zu dieser Ortszeit werden Desktop-Benachrichtigungen zurückgehalten.</translation>
    </message>
    <message>
        <source>Verification tier of the account; it decides open orders (60, 80 or 225) and rate limits.</source>
        <translation>Verifizierungsstufe des Kontos; sie bestimmt offene Orders (60, 80 oder 225) und Rate-Limits.</translation>
    </message>
    <message>
        <source>Wait before a refused order is tried again.</source>
        <translation>Wartezeit, bevor eine abgelehnte Order erneut versucht wird.</translation>
    </message>
    <message>
        <source>Wall-clock time between updates of the skew, whatever the rate of the loop.</source>
        <translation>Zeit nach der Uhr zwischen Aktualisierungen der Neigung, unabhängig vom Takt der Schleife.</translation>
    </message>
    <message>
        <source>What a portfolio is valued at: ORACLE is CoinGecko, ROUTER the mid price of the pools&apos; reserves.</source>
        <translation>Wonach ein Portfolio bewertet wird: ORACLE ist CoinGecko, ROUTER der Mittelpreis der Pool-Reserven.</translation>
    </message>
    <message>
        <source>What a user may owe the hub beyond what is secured; given when an account is opened.</source>
        <translation>Was ein Nutzer dem Hub über das Besicherte hinaus schulden darf; vergeben bei Eröffnung eines Kontos.</translation>
    </message>
    <message>
        <source>What becomes of a swap above the maximum: `slice` takes the maximum now and the rest after the next cooldown; `skip` never makes it, so that a large portfolio may never trade.</source>
        <translation>Was aus einem Swap über dem Maximum wird: `slice` nimmt jetzt das Maximum und den Rest nach der nächsten Ruhezeit; `skip` führt ihn nie aus, sodass ein großes Portfolio vielleicht nie handelt.</translation>
    </message>
    <message>
        <source>What counts as spoken for: `entries` is a fixed number of base entries per slot; `committed` is live buy orders plus next entries, which makes the signal rise while USD falls.</source>
        <translation>Was als verplant zählt: `entries` ist eine feste Zahl von Basiseinstiegen je Slot; `committed` sind liegende Kauforders plus nächste Einstiege, wodurch das Signal steigt, während USD fällt.</translation>
    </message>
    <message>
        <source>What happens at the exchange, as `600s:amend:buy:+45%; ~2h:deposit:usd:50`; --help lists the kinds.</source>
        <translation>Was an der Börse geschieht, etwa `600s:amend:buy:+45%; ~2h:deposit:usd:50`; --help nennt die Arten.</translation>
    </message>
    <message>
        <source>What the end of a session does with orders that rest: leave them for the next start, take the entries off the book and leave exits, or take all of them off. What stays is said.</source>
        <translation>Was das Ende einer Sitzung mit liegenden Orders tut: sie für den nächsten Start liegen lassen, die Einstiege aus dem Orderbuch nehmen und Ausstiege lassen, oder alle herausnehmen. Was bleibt, wird gesagt.</translation>
    </message>
    <message>
        <source>What the estimate for gas is multiplied by when it is taken; what is not used comes back.</source>
        <translation>Womit die Gas-Schätzung multipliziert wird, wenn sie genommen wird; Unverbrauchtes kommt zurück.</translation>
    </message>
    <message>
        <source>What the hub may owe a user beyond what is secured; given when an account is opened.</source>
        <translation>Was der Hub einem Nutzer über das Besicherte hinaus schulden darf; vergeben bei Eröffnung eines Kontos.</translation>
    </message>
    <message>
        <source>When a person confirms a plan before it is sent: `live` in LIVE alone, `always` in every mode.</source>
        <translation>Wann ein Mensch einen Plan vor dem Senden bestätigt: `live` nur in LIVE, `always` in jedem Modus.</translation>
    </message>
    <message>
        <source>When a recovery order is given up. `by_capacity`: only where places for open orders run out, fewer are allowed, or a person says so; an exit is orphaned only while there is a place. `by_age`: each exit that grew too old takes a place, and the oldest recovery order goes for it with its loss booked.</source>
        <translation>Wann eine Recovery-Order aufgegeben wird. `by_capacity`: nur wo Plätze für offene Orders ausgehen, weniger erlaubt sind oder ein Mensch es sagt; ein Ausstieg verwaist nur, solange ein Platz frei ist. `by_age`: Jeder zu alte Ausstieg nimmt einen Platz, und die älteste Recovery-Order geht dafür, ihr Verlust wird gebucht.</translation>
    </message>
    <message>
        <source>When somebody else makes one of our orders larger: `ask` lets the slot wait for one click, `adopt` makes the whole order ours, with an exit for all that is filled, which may be more than 1.5 times the base size.</source>
        <translation>Wenn jemand anders eine unserer Orders vergrößert: `ask` lässt den Slot auf einen Klick warten, `adopt` macht die ganze Order zu unserer, mit einem Ausstieg für alles Ausgeführte, was mehr als das 1,5-Fache der Basisgröße sein kann.</translation>
    </message>
    <message>
        <source>Where alerts are posted to, signed with the secret drift.webhook_secret; empty for nowhere.</source>
        <translation>Wohin Alarme gesendet werden, signiert mit dem Geheimnis drift.webhook_secret; leer für nirgendwohin.</translation>
    </message>
    <message>
        <source>Where the alerts of every engine are posted to, signed with the secret desk.webhook_secret; empty for nowhere.</source>
        <translation>Wohin die Alarme aller Engines gesendet werden, signiert mit dem Geheimnis desk.webhook_secret; leer für nirgendwohin.</translation>
    </message>
    <message>
        <source>Whether the governor may skew entry sizes; switched off, every entry has its base size at once.</source>
        <translation>Ob der Governor die Größe der Einstiege neigen darf; ausgeschaltet hat jeder Einstieg sofort seine Basisgröße.</translation>
    </message>
    <message>
        <source>Whether what was taken for gas and not used goes back to the user or is kept.</source>
        <translation>Ob für Gas Genommenes und nicht Verbrauchtes an den Nutzer zurückgeht oder einbehalten wird.</translation>
    </message>
    <message>
        <source>Which gas that is: of a request that goes alone, or its share of a full batch.</source>
        <translation>Welches Gas das ist: das einer Anfrage, die allein geht, oder ihr Anteil an einem vollen Batch.</translation>
    </message>
    <message>
        <source>While more than this share of a currency is earning or staked, and so cannot be traded, the skew is held at 0: what is left says nothing about how idle the cash is.</source>
        <translation>Solange mehr als dieser Anteil einer Währung angelegt oder gestakt ist und daher nicht gehandelt werden kann, bleibt die Neigung bei 0: Der Rest sagt nichts darüber, wie viel Geld brachliegt.</translation>
    </message>
    <message>
        <source>Who goes first: the largest amount, the oldest, or who pays the hub most.</source>
        <translation>Wer zuerst geht: der größte Betrag, die älteste Anfrage oder wer dem Hub am meisten zahlt.</translation>
    </message>
    <message>
        <source>Whose certificate authorities count on the way to Kraken: bundled are those that come with this program, system those of this computer. A company&apos;s network that reads what goes by needs system.</source>
        <translation>Wessen Zertifizierungsstellen auf dem Weg zu Kraken gelten: bundled sind die mitgelieferten dieses Programms, system die dieses Rechners. Ein Firmennetz, das mitliest, braucht system.</translation>
    </message>
    <message>
        <source>With `committed`: how many times the next entries are kept beside the live buy orders.</source>
        <translation>Mit `committed`: das Wievielfache der nächsten Einstiege neben den liegenden Kauforders gehalten wird.</translation>
    </message>
    <message>
        <source>With `entries`: how many base entries per slot are kept as runway.</source>
        <translation>Mit `entries`: wie viele Basiseinstiege je Slot als Reserve gehalten werden.</translation>
    </message>
    <message>
        <source>With fewer free places than this no entry is placed.</source>
        <translation>Bei weniger freien Plätzen wird kein Einstieg platziert.</translation>
    </message>
    <message>
        <source>With fewer free places than this one entry a pass is placed.</source>
        <translation>Bei weniger freien Plätzen wird ein Einstieg je Durchgang platziert.</translation>
    </message>
</context>
<context>
    <name>OptionUnit</name>
    <message>
        <source>%</source>
        <translation>%</translation>
    </message>
    <message>
        <source>DOGE</source>
        <translation>DOGE</translation>
    </message>
    <message>
        <source>HH:MM</source>
        <translation>HH:MM</translation>
    </message>
    <message>
        <source>USD</source>
        <translation>USD</translation>
    </message>
    <message>
        <source>blocks</source>
        <translation>Blöcke</translation>
    </message>
    <message>
        <source>bps</source>
        <translation>bps</translation>
    </message>
    <message>
        <source>entries</source>
        <translation>Einstiege</translation>
    </message>
    <message>
        <source>entries per slot</source>
        <translation>Einstiege je Slot</translation>
    </message>
    <message>
        <source>flips</source>
        <translation>Wechsel</translation>
    </message>
    <message>
        <source>gwei</source>
        <translation>gwei</translation>
    </message>
    <message>
        <source>intervals</source>
        <translation>Intervalle</translation>
    </message>
    <message>
        <source>losses</source>
        <translation>Verluste</translation>
    </message>
    <message>
        <source>min</source>
        <translation>min</translation>
    </message>
    <message>
        <source>moves</source>
        <translation>Züge</translation>
    </message>
    <message>
        <source>orders</source>
        <translation>Orders</translation>
    </message>
    <message>
        <source>pulls</source>
        <translation>Pulls</translation>
    </message>
    <message>
        <source>ratio</source>
        <translation>Anteil</translation>
    </message>
    <message>
        <source>ratio of the threshold</source>
        <translation>Anteil der Schwelle</translation>
    </message>
    <message>
        <source>ratio per minute</source>
        <translation>Anteil je Minute</translation>
    </message>
    <message>
        <source>requests</source>
        <translation>Anfragen</translation>
    </message>
    <message>
        <source>s</source>
        <translation>s</translation>
    </message>
    <message>
        <source>size per skew</source>
        <translation>Größe je Neigung</translation>
    </message>
    <message>
        <source>skew per ratio</source>
        <translation>Neigung je Anteil</translation>
    </message>
    <message>
        <source>slots</source>
        <translation>Slots</translation>
    </message>
    <message>
        <source>users</source>
        <translation>Nutzer</translation>
    </message>
    <message>
        <source>x base</source>
        <translation>× Basisgröße</translation>
    </message>
    <message>
        <source>x next entries</source>
        <translation>× nächste Einstiege</translation>
    </message>
</context>
<context>
    <name>OverviewPage</name>
    <message>
        <source>Act now</source>
        <translation>Jetzt handeln</translation>
    </message>
    <message>
        <source>Alerts</source>
        <translation>Alarme</translation>
    </message>
    <message>
        <source>Alerts, newest first</source>
        <translation>Alarme, neueste zuerst</translation>
    </message>
    <message>
        <source>DOGE</source>
        <translation>DOGE</translation>
    </message>
    <message>
        <source>DOGE/USD, 6 h</source>
        <translation>DOGE/USD, 6 h</translation>
    </message>
    <message>
        <source>Drift</source>
        <translation>Drift</translation>
    </message>
    <message>
        <source>Gas</source>
        <translation>Gas</translation>
    </message>
    <message>
        <source>Gas-adjusted soft limit, 6 h</source>
        <translation>Gasbereinigte weiche Grenze, 6 h</translation>
    </message>
    <message>
        <source>Governor</source>
        <translation>Governor</translation>
    </message>
    <message>
        <source>Grid</source>
        <translation>Grid</translation>
    </message>
    <message>
        <source>Hub</source>
        <translation>Hub</translation>
    </message>
    <message>
        <source>Idle USD</source>
        <translation>USD-Barquote</translation>
    </message>
    <message>
        <source>Idle ratio against target, 6 h</source>
        <translation>Barquote gegen Ziel, 6 h</translation>
    </message>
    <message>
        <source>Idle ratio, last six hours</source>
        <translation>Barquote, letzte sechs Stunden</translation>
    </message>
    <message>
        <source>Largest drift</source>
        <translation>Größte Abweichung</translation>
    </message>
    <message>
        <source>Largest drift of all portfolios, 6 h</source>
        <translation>Größte Abweichung aller Portfolios, 6 h</translation>
    </message>
    <message>
        <source>Largest drift, last six hours</source>
        <translation>Größte Abweichung, letzte sechs Stunden</translation>
    </message>
    <message>
        <source>Look at it</source>
        <translation>Ansehen</translation>
    </message>
    <message>
        <source>No update from the governor yet.</source>
        <translation>Noch keine Aktualisierung vom Governor.</translation>
    </message>
    <message>
        <source>No word from the grid yet.</source>
        <translation>Noch keine Nachricht vom Grid.</translation>
    </message>
    <message>
        <source>Nothing done yet in this session.</source>
        <translation>In dieser Sitzung noch nichts getan.</translation>
    </message>
    <message>
        <source>Nothing done yet.</source>
        <translation>Noch nichts getan.</translation>
    </message>
    <message>
        <source>Nothing needs your attention.</source>
        <translation>Nichts braucht Aufmerksamkeit.</translation>
    </message>
    <message>
        <source>Orders</source>
        <translation>Orders</translation>
    </message>
    <message>
        <source>Portfolios</source>
        <translation>Portfolios</translation>
    </message>
    <message>
        <source>Price</source>
        <translation>Preis</translation>
    </message>
    <message>
        <source>Price, last six hours</source>
        <translation>Preis, letzte sechs Stunden</translation>
    </message>
    <message>
        <source>Profit</source>
        <translation>Gewinn</translation>
    </message>
    <message>
        <source>Realised today</source>
        <translation>Heute realisiert</translation>
    </message>
    <message>
        <source>Refused</source>
        <translation>Abgelehnt</translation>
    </message>
    <message>
        <source>Restarting</source>
        <translation>Startet neu</translation>
    </message>
    <message>
        <source>Size A</source>
        <translation>Größe A</translation>
    </message>
    <message>
        <source>Size B</source>
        <translation>Größe B</translation>
    </message>
    <message>
        <source>Skew</source>
        <translation>Neigung</translation>
    </message>
    <message>
        <source>Soft limit</source>
        <translation>Weiche Grenze</translation>
    </message>
    <message>
        <source>Soft limit, last six hours</source>
        <translation>Weiche Grenze, letzte sechs Stunden</translation>
    </message>
    <message>
        <source>Starting</source>
        <translation>Startet</translation>
    </message>
    <message>
        <source>Target</source>
        <translation>Ziel</translation>
    </message>
    <message>
        <source>The engine crashed ({error}) and is started anew. It reads the exchange before it acts.</source>
        <translation>Die Engine ist abgestürzt ({error}) und wird neu gestartet. Sie liest die Börse, bevor sie handelt.</translation>
    </message>
    <message>
        <source>The engine is being started.</source>
        <translation>Die Engine wird gestartet.</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>Zeit</translation>
    </message>
    <message>
        <source>USD</source>
        <translation>USD</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>Wait for you</source>
        <translation>Zu bestätigen</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>Wartend</translation>
    </message>
    <message>
        <source>Weight</source>
        <translation>Gewicht</translation>
    </message>
    <message>
        <source>What happened</source>
        <translation>Was geschah</translation>
    </message>
    <message>
        <source>{slots} slots, {waiting} of them waiting for an exit; {trips} round trips so far.</source>
        <translation>{slots} Slots, davon warten {waiting} auf einen Ausstieg; bisher {trips} Roundtrips.</translation>
    </message>
</context>
<context>
    <name>Palette</name>
    <message>
        <source>Action</source>
        <translation>Aktion</translation>
    </message>
    <message>
        <source>Alert</source>
        <translation>Alarm</translation>
    </message>
    <message>
        <source>Find anything</source>
        <translation>Alles durchsuchen</translation>
    </message>
    <message>
        <source>Found</source>
        <translation>Gefunden</translation>
    </message>
    <message>
        <source>Nothing has these words.</source>
        <translation>Nichts enthält diese Wörter.</translation>
    </message>
    <message>
        <source>Notice</source>
        <translation>Meldung</translation>
    </message>
    <message>
        <source>Page</source>
        <translation>Seite</translation>
    </message>
    <message>
        <source>Setting</source>
        <translation>Einstellung</translation>
    </message>
    <message>
        <source>Type an action, a page, a setting, or words of a notice</source>
        <translation>Eine Aktion, Seite, Einstellung oder Wörter einer Meldung eingeben</translation>
    </message>
    <message>
        <source>What to find</source>
        <translation>Suchbegriff</translation>
    </message>
    <message>
        <source>{count} found. Up and Down choose, Return uses, Escape closes.</source>
        <translation>{count} gefunden. Auf und Ab wählen, Eingabetaste verwendet, Esc schließt.</translation>
    </message>
    <message>
        <source>{title} cannot be used now. {why}</source>
        <translation>{title}: jetzt nicht verwendbar. {why}</translation>
    </message>
</context>
<context>
    <name>PlanDialog</name>
    <message>
        <source>Copy what is to be signed</source>
        <translation>Zu Unterschreibendes kopieren</translation>
    </message>
    <message>
        <source>Do not send it now</source>
        <translation>Jetzt nicht senden</translation>
    </message>
    <message>
        <source>Exactly this plan is sent, once. If another takes its place, this question goes away.</source>
        <translation>Gesendet wird genau dieser Plan, einmal. Tritt ein anderer an seine Stelle, verschwindet diese Frage.</translation>
    </message>
    <message>
        <source>Send it</source>
        <translation>Senden</translation>
    </message>
    <message>
        <source>Send it in {mode}</source>
        <translation>In {mode} senden</translation>
    </message>
    <message>
        <source>Send this plan of {portfolio}?</source>
        <translation>Diesen Plan von {portfolio} senden?</translation>
    </message>
    <message>
        <source>Signature: 0x and 130 hexadecimal digits</source>
        <translation>Signatur: 0x und 130 hexadezimale Ziffern</translation>
    </message>
    <message>
        <source>The key of the account&apos;s owner is not here. Copy the typed data (EIP-712), sign it in the owner&apos;s wallet, and paste the signature: it allows exactly the swaps above.</source>
        <translation>Der Schlüssel des Kontoeigentümers ist nicht hier. Die Typed Data (EIP-712) kopieren, in der Wallet des Eigentümers unterschreiben und die Signatur einfügen: Sie erlaubt genau die Swaps oben.</translation>
    </message>
    <message>
        <source>The owner&apos;s signature</source>
        <translation>Signatur des Eigentümers</translation>
    </message>
</context>
<context>
    <name>PlotDesk</name>
    <message>
        <source>Comma separated values (*.csv)</source>
        <translation>Kommagetrennte Werte (*.csv)</translation>
    </message>
    <message>
        <source>Keep it</source>
        <translation>Behalten</translation>
    </message>
    <message>
        <source>Move this threshold?</source>
        <translation>Diese Schwelle verschieben?</translation>
    </message>
    <message>
        <source>No plot is in sight. Go to Governor, Drift or Hub first.</source>
        <translation>Kein Diagramm in Sicht. Erst zu Governor, Drift oder Hub wechseln.</translation>
    </message>
    <message>
        <source>Pictures (*.png)</source>
        <translation>Bilder (*.png)</translation>
    </message>
    <message>
        <source>Replace it</source>
        <translation>Ersetzen</translation>
    </message>
    <message>
        <source>Replace the file?</source>
        <translation>Datei ersetzen?</translation>
    </message>
    <message>
        <source>Save the numbers of {title}</source>
        <translation>Zahlen von {title} speichern</translation>
    </message>
    <message>
        <source>Save the picture of {title}</source>
        <translation>Bild von {title} speichern</translation>
    </message>
    <message>
        <source>Saved as {file}.</source>
        <translation>Gespeichert als {file}.</translation>
    </message>
    <message>
        <source>{file} could not be written ({why}). Choose another folder, then save again.</source>
        <translation>{file} konnte nicht geschrieben werden ({why}). Einen anderen Ordner wählen, dann erneut speichern.</translation>
    </message>
    <message>
        <source>{file} is there already. What is in it would be lost.</source>
        <translation>{file} ist schon vorhanden. Der Inhalt ginge verloren.</translation>
    </message>
    <message>
        <source>{file} was not written within {seconds} s. Is its disk still there?</source>
        <translation>{file} wurde nicht innerhalb von {seconds} s geschrieben. Ist der Datenträger noch da?</translation>
    </message>
</context>
<context>
    <name>PlotHeader</name>
    <message>
        <source>Follow</source>
        <translation>Folgen</translation>
    </message>
    <message>
        <source>Follow {title}</source>
        <translation>{title} folgen</translation>
    </message>
    <message>
        <source>Menu of {title}</source>
        <translation>Menü von {title}</translation>
    </message>
    <message>
        <source>Return to the present (End)</source>
        <translation>Zur Gegenwart zurückkehren (Ende)</translation>
    </message>
    <message>
        <source>What this plot can do (Enter). Left and Right read the curves, Up and Down what happened.</source>
        <translation>Was dieses Diagramm kann (Eingabetaste). Links und Rechts lesen die Kurven, Auf und Ab, was geschah.</translation>
    </message>
</context>
<context>
    <name>PlotMenu</name>
    <message>
        <source>&amp;All that is known</source>
        <translation>&amp;Alles Bekannte</translation>
    </message>
    <message>
        <source>&amp;Copy the summary</source>
        <translation>Zusammen&amp;fassung kopieren</translation>
    </message>
    <message>
        <source>&amp;Follow the present</source>
        <translation>Der &amp;Gegenwart folgen</translation>
    </message>
    <message>
        <source>&amp;Move {name} ({value})…</source>
        <translation>{name} ({value}) &amp;verschieben…</translation>
    </message>
    <message>
        <source>&amp;Reset the view</source>
        <translation>Ansicht &amp;zurücksetzen</translation>
    </message>
    <message>
        <source>Menu of {title}</source>
        <translation>Menü von {title}</translation>
    </message>
    <message>
        <source>Save &amp;numbers…</source>
        <translation>Zahle&amp;n speichern…</translation>
    </message>
    <message>
        <source>Save &amp;picture…</source>
        <translation>&amp;Bild speichern…</translation>
    </message>
    <message>
        <source>Zoom &amp;in</source>
        <translation>&amp;Hineinzoomen</translation>
    </message>
    <message>
        <source>Zoom &amp;out</source>
        <translation>He&amp;rauszoomen</translation>
    </message>
</context>
<context>
    <name>PortfolioList</name>
    <message>
        <source>Portfolios</source>
        <translation>Portfolios</translation>
    </message>
    <message>
        <source>Portfolios: name, state, drift, value</source>
        <translation>Portfolios: Name, Zustand, Abweichung, Wert</translation>
    </message>
    <message>
        <source>Search name or state</source>
        <translation>Name oder Zustand suchen</translation>
    </message>
    <message>
        <source>Search portfolios by name or state</source>
        <translation>Portfolios nach Name oder Zustand suchen</translation>
    </message>
    <message>
        <source>{count} portfolios</source>
        <translation>{count} Portfolios</translation>
    </message>
    <message>
        <source>{shown} of {count} portfolios</source>
        <translation>{shown} von {count} Portfolios</translation>
    </message>
</context>
<context>
    <name>PortfolioRows</name>
    <message>
        <source>Drift</source>
        <translation>Abweichung</translation>
    </message>
    <message>
        <source>Portfolio</source>
        <translation>Portfolio</translation>
    </message>
    <message>
        <source>State</source>
        <translation>Zustand</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
</context>
<context>
    <name>PortfolioStanding</name>
    <message>
        <source>Account</source>
        <translation>Konto</translation>
    </message>
    <message>
        <source>Asked for</source>
        <translation>Angefragt</translation>
    </message>
    <message>
        <source>Cooldown</source>
        <translation>Ruhezeit</translation>
    </message>
    <message>
        <source>Destination</source>
        <translation>Zielbereich</translation>
    </message>
    <message>
        <source>Failures in a row</source>
        <translation>Fehlschläge in Folge</translation>
    </message>
    <message>
        <source>Largest drift</source>
        <translation>Größte Abweichung</translation>
    </message>
    <message>
        <source>None</source>
        <translation>Keine</translation>
    </message>
    <message>
        <source>Not known without every price; the tokens say which one is missing.</source>
        <translation>Ohne alle Preise nicht bekannt; bei den Token steht, welcher fehlt.</translation>
    </message>
    <message>
        <source>Seen</source>
        <translation>Gesehen</translation>
    </message>
    <message>
        <source>The engine has not told this portfolio in full yet.</source>
        <translation>Die Engine hat dieses Portfolio noch nicht vollständig gemeldet.</translation>
    </message>
    <message>
        <source>The picked portfolio</source>
        <translation>Das gewählte Portfolio</translation>
    </message>
    <message>
        <source>Threshold</source>
        <translation>Schwelle</translation>
    </message>
    <message>
        <source>Value</source>
        <translation>Wert</translation>
    </message>
    <message>
        <source>{age} ago</source>
        <translation>vor {age}</translation>
    </message>
</context>
<context>
    <name>Readings</name>
    <message>
        <source>Plot to read as a table</source>
        <translation>Diagramm, das als Tabelle gelesen wird</translation>
    </message>
    <message>
        <source>Readings</source>
        <translation>Messwerte</translation>
    </message>
</context>
<context>
    <name>ReadyStep</name>
    <message>
        <source>Ready</source>
        <translation>Bereit</translation>
    </message>
    <message>
        <source>Your PAPER session is running. This is what is set:</source>
        <translation>Die PAPER-Sitzung läuft. Das ist eingestellt:</translation>
    </message>
</context>
<context>
    <name>Reason</name>
    <message>
        <source>A partly filled entry drifted away: the rest is cancelled, {filled} DOGE gets its exit.</source>
        <translation>Ein teilweise ausgeführter Einstieg kam vom Markt ab: Der Rest wird storniert, {filled} DOGE bekommen ihren Ausstieg.</translation>
    </message>
    <message>
        <source>A person allowed LIVE to start by itself on another machine, not on this one.</source>
        <translation>Ein Mensch hat erlaubt, dass LIVE auf einem anderen Rechner von selbst startet, nicht auf diesem.</translation>
    </message>
    <message>
        <source>A person allowed LIVE to start by itself with another API key than the one in the keyring.</source>
        <translation>Ein Mensch hat erlaubt, dass LIVE mit einem anderen API-Schlüssel als dem im Schlüsselbund von selbst startet.</translation>
    </message>
    <message>
        <source>A person asked for it in {where}.</source>
        <translation>Von einem Menschen angefordert ({where}).</translation>
    </message>
    <message>
        <source>A person gave this recovery order up.</source>
        <translation>Ein Mensch hat diese Recovery-Order aufgegeben.</translation>
    </message>
    <message>
        <source>A person lets go of this slot; its orders are taken off the book.</source>
        <translation>Ein Mensch gibt diesen Slot frei; seine Orders werden aus dem Orderbuch genommen.</translation>
    </message>
    <message>
        <source>A person read the plan and dismissed it.</source>
        <translation>Ein Mensch hat den Plan gelesen und verworfen.</translation>
    </message>
    <message>
        <source>A plan (swaps: {legs}) goes out as soon as the account that sends is free.</source>
        <translation>Ein Plan (Swaps: {legs}) geht hinaus, sobald das sendende Konto frei ist.</translation>
    </message>
    <message>
        <source>A plan waits for you until {until_s}: read it, then confirm or dismiss it.</source>
        <translation>Ein Plan wartet bis {until_s} auf Bestätigung: lesen, dann bestätigen oder verwerfen.</translation>
    </message>
    <message>
        <source>A plan was sent ({plan}) and its outcome is not known yet; no second one is made meanwhile.</source>
        <translation>Ein Plan wurde gesendet ({plan}), und sein Ergebnis ist noch nicht bekannt; solange wird kein zweiter erstellt.</translation>
    </message>
    <message>
        <source>A price that may be used is missing, and without every price there is no total: it waits.</source>
        <translation>Ein verwendbarer Preis fehlt, und ohne alle Preise gibt es keine Summe: Es wird gewartet.</translation>
    </message>
    <message>
        <source>A recovery order was given up, the one farthest from the market: with {headroom} places left for open orders no entry could be placed.</source>
        <translation>Eine Recovery-Order wurde aufgegeben, die vom Markt fernste: Mit {headroom} freien Plätzen für offene Orders konnte kein Einstieg platziert werden.</translation>
    </message>
    <message>
        <source>A recovery order was given up; a slot keeps {kept}.</source>
        <translation>Eine Recovery-Order wurde aufgegeben; ein Slot behält {kept}.</translation>
    </message>
    <message>
        <source>A request is for more than nothing.</source>
        <translation>Eine Anfrage muss über mehr als nichts lauten.</translation>
    </message>
    <message>
        <source>A row of {channel} could not be read and was set aside ({words}); the account is read anew.</source>
        <translation>Eine Zeile von {channel} war nicht lesbar und wurde beiseitegelegt ({words}); das Konto wird neu gelesen.</translation>
    </message>
    <message>
        <source>A standing delegation has bounds: 1 to {most_uses} swaps, up to {most_days} days, a price for each token.</source>
        <translation>Eine stehende Delegation hat Grenzen: 1 bis {most_uses} Swaps, bis zu {most_days} Tage, ein Preis für jedes Token.</translation>
    </message>
    <message>
        <source>A trade of {usd} is above the maximum of {max_trade_usd}, and “oversize” says to skip it.</source>
        <translation>Ein Trade von {usd} liegt über dem Maximum von {max_trade_usd}, und „oversize“ verlangt, ihn zu überspringen.</translation>
    </message>
    <message>
        <source>A trade of {usd} would be below the minimum of {min_trade_usd} and is left out.</source>
        <translation>Ein Trade von {usd} läge unter dem Minimum von {min_trade_usd} und entfällt.</translation>
    </message>
    <message>
        <source>After the plan it is still off by {residual_drift} (destination ±{destination}).</source>
        <translation>Nach dem Plan weicht es noch um {residual_drift} ab (Zielbereich ±{destination}).</translation>
    </message>
    <message>
        <source>Alert {id} is posted to the webhook, attempt {attempt}.</source>
        <translation>Alarm {id} wird an den Webhook gesendet, Versuch {attempt}.</translation>
    </message>
    <message>
        <source>Alerts are not posted to the webhook ({fault}). The panel and the log have all of them.</source>
        <translation>Alarme werden nicht an den Webhook gesendet ({fault}). Panel und Log haben alle.</translation>
    </message>
    <message>
        <source>All that the user holds at the hub is collateral already.</source>
        <translation>Alles, was der Nutzer beim Hub hält, ist bereits besichert.</translation>
    </message>
    <message>
        <source>An exit {profit_pct} away from its entry does not earn the maker fees of a round trip, {round_trip_pct}. No entry is placed until grid.profit_pct is larger.</source>
        <translation>Ein Ausstieg {profit_pct} neben seinem Einstieg verdient die Maker-Gebühren eines Roundtrips von {round_trip_pct} nicht. Kein Einstieg wird platziert, bis grid.profit_pct größer ist.</translation>
    </message>
    <message>
        <source>An open order has this id already: the first attempt did arrive.</source>
        <translation>Eine offene Order hat diese Kennung schon: Der erste Versuch ist doch angekommen.</translation>
    </message>
    <message>
        <source>An order from {origin} keeps its base size.</source>
        <translation>Eine Order aus „{origin}“ behält ihre Basisgröße.</translation>
    </message>
    <message>
        <source>Another batch is on its way; the next one goes after it.</source>
        <translation>Ein anderer Batch ist unterwegs; der nächste geht danach.</translation>
    </message>
    <message>
        <source>Another export is being written, to {path}. Wait for its end, or cancel it.</source>
        <translation>Ein anderer Export wird gerade geschrieben, nach {path}. Sein Ende abwarten oder ihn abbrechen.</translation>
    </message>
    <message>
        <source>Another list of the journal was opened since.</source>
        <translation>Seitdem wurde eine andere Liste des Journals geöffnet.</translation>
    </message>
    <message>
        <source>Another machine or profile has taken “{profile}” over (last {seen_s} ago). See that only one trades, or give this one a name of its own in the settings.</source>
        <translation>Ein anderer Rechner oder ein anderes Profil hat „{profile}“ übernommen (zuletzt vor {seen_s}). Dafür sorgen, dass nur eines handelt, oder diesem in den Einstellungen einen eigenen Namen geben.</translation>
    </message>
    <message>
        <source>Another program uses this account&apos;s key ({evidence}). Nothing new is entered until you say whether that is right.</source>
        <translation>Ein anderes Programm benutzt den Schlüssel dieses Kontos ({evidence}). Es wird nichts Neues eingestiegen, bis Sie sagen, ob das richtig ist.</translation>
    </message>
    <message>
        <source>Another running Evenkeel writes under “{profile}” (last {seen_s} ago). End that one, or give this one a name of its own in the settings.</source>
        <translation>Ein anderes laufendes Evenkeel schreibt unter „{profile}“ (zuletzt vor {seen_s}). Jenes beenden oder diesem in den Einstellungen einen eigenen Namen geben.</translation>
    </message>
    <message>
        <source>Asks the exchange again, and goes on if it answers.</source>
        <translation>Fragt die Börse noch einmal und macht weiter, wenn sie antwortet.</translation>
    </message>
    <message>
        <source>Batch {nonce} carries it to the chain.</source>
        <translation>Batch {nonce} bringt es auf die Chain.</translation>
    </message>
    <message>
        <source>Below the soft limit {limit} by {short}, at a gas price of {gas_price_gwei}.</source>
        <translation>Um {short} unter der weichen Grenze {limit}, bei einem Gaspreis von {gas_price_gwei}.</translation>
    </message>
    <message>
        <source>CoinGecko does not answer ({words}). The last prices count until they are too old; then portfolios wait.</source>
        <translation>CoinGecko antwortet nicht ({words}). Die letzten Preise gelten, bis sie zu alt sind; dann warten die Portfolios.</translation>
    </message>
    <message>
        <source>DOGE ({observed_doge}) is below its runway floor ({doge_runway_floor}); sells stay at base size.</source>
        <translation>DOGE ({observed_doge}) liegt unter dem Reserveboden ({doge_runway_floor}); Verkäufe bleiben bei Basisgröße.</translation>
    </message>
    <message>
        <source>Exit of an entry at {entry_price}, {profit_pct} away.</source>
        <translation>Ausstieg zu einem Einstieg bei {entry_price}, {profit_pct} entfernt.</translation>
    </message>
    <message>
        <source>Exits {profit_pct} away become recovery orders after {wait_s}, by when only {fill_ratio} of them have filled. Let them wait longer (orphan_after), or most entries end as recovery orders.</source>
        <translation>Ausstiege in {profit_pct} Abstand werden nach {wait_s} zu Recovery-Orders; bis dahin sind nur {fill_ratio} von ihnen ausgeführt. Lassen Sie sie länger warten (orphan_after), sonst enden die meisten Einstiege als Recovery-Orders.</translation>
    </message>
    <message>
        <source>Expected one of {choices}.</source>
        <translation>Erwartet wird eines von {choices}.</translation>
    </message>
    <message>
        <source>Expected plain “name = value” lines below a [section] header, with nothing nested.</source>
        <translation>Erwartet werden einfache Zeilen „Name = Wert“ unter einer Überschrift [Abschnitt], nichts Verschachteltes.</translation>
    </message>
    <message>
        <source>Expected {bounds} {unit}.</source>
        <translation>Erwartet: {bounds} {unit}.</translation>
    </message>
    <message>
        <source>Expected {kind}.</source>
        <translation>Erwartet: {kind}.</translation>
    </message>
    <message>
        <source>Fewer slots are set now; the entries of this one are taken off the book, what it holds is closed.</source>
        <translation>Es sind jetzt weniger Slots eingestellt; die Einstiege dieses Slots werden aus dem Orderbuch genommen, sein Bestand wird geschlossen.</translation>
    </message>
    <message>
        <source>Final in block {block_number}: it {succeeded}.</source>
        <translation>Endgültig in Block {block_number}: {succeeded}.</translation>
    </message>
    <message>
        <source>Gas costs {gas_price_gwei}, above the {cap_gwei} that the hub pays. What waits goes by itself when it falls.</source>
        <translation>Gas kostet {gas_price_gwei}, mehr als die {cap_gwei}, die der Hub zahlt. Was wartet, geht von selbst, wenn der Preis fällt.</translation>
    </message>
    <message>
        <source>Gas costs {needed_wei}, above the cap of {cap_wei}. It waits and goes on by itself when gas is cheaper.</source>
        <translation>Gas kostet {needed_wei}, über der Obergrenze von {cap_wei}. Es wird gewartet und von selbst fortgefahren, sobald Gas billiger ist.</translation>
    </message>
    <message>
        <source>Gas stayed above the cap until {until_s}, so it was never signed; nothing of it left.</source>
        <translation>Gas blieb bis {until_s} über der Obergrenze, daher wurde nie unterschrieben; nichts davon ging hinaus.</translation>
    </message>
    <message>
        <source>Gas stops everybody: at {gas_price_gwei} the soft limit of {soft_limit_usd} is above what a user may have ({max_user_usd}). It resumes at {resumes_at_gwei}.</source>
        <translation>Gas hält alle auf: Bei {gas_price_gwei} liegt die weiche Grenze von {soft_limit_usd} über dem, was ein Nutzer haben darf ({max_user_usd}). Weiter geht es bei {resumes_at_gwei}.</translation>
    </message>
    <message>
        <source>Goes now, as number {place} of {pairs}.</source>
        <translation>Geht jetzt, als Nummer {place} von {pairs}.</translation>
    </message>
    <message>
        <source>Grid and exchange contradict each other: {detail}. Compare both before you resume.</source>
        <translation>Grid und Börse widersprechen einander: {detail}. Vor dem Fortsetzen beide vergleichen.</translation>
    </message>
    <message>
        <source>Held back: {cause}</source>
        <translation>Zurückgehalten: {cause}</translation>
    </message>
    <message>
        <source>In block {block_number}; it counts as final after {missing} more.</source>
        <translation>In Block {block_number}; gilt nach {missing} weiteren als endgültig.</translation>
    </message>
    <message>
        <source>It carries {key} at up to {max_fee_wei} a gas, {priority_wei} of it as a tip.</source>
        <translation>Die Transaktion führt {key} aus, zu höchstens {max_fee_wei} je Gas, davon {priority_wei} als Prioritätsgebühr.</translation>
    </message>
    <message>
        <source>It could not be carried out within {valid_s}; its fees went back.</source>
        <translation>Es konnte nicht innerhalb von {valid_s} ausgeführt werden; die Gebühren gingen zurück.</translation>
    </message>
    <message>
        <source>It was left out ({words}). A signed batch that carries it may still be mined until number {nonce} is used; its fees go back then.</source>
        <translation>Es blieb heraus ({words}). Ein unterschriebener Batch, der es enthält, kann noch gemint werden, bis Nummer {nonce} verwendet ist; dann gehen seine Gebühren zurück.</translation>
    </message>
    <message>
        <source>Kraken has locked this key out for a while ({words}): nothing is asked until {until_s}, then it goes on by itself. Orders rest as they are meanwhile.</source>
        <translation>Kraken hat diesen Schlüssel für eine Weile ausgesperrt ({words}): Bis {until_s} wird nichts gefragt, dann geht es von selbst weiter. Orders liegen solange, wie sie sind.</translation>
    </message>
    <message>
        <source>Kraken takes this API key no more ({words}). Nothing can be placed or cancelled with it; orders rest as they are. Look at the key at Kraken, or save another one on the Keys page.</source>
        <translation>Kraken nimmt diesen API-Schlüssel nicht mehr an ({words}). Mit ihm kann nichts platziert oder storniert werden; Orders liegen, wie sie sind. Sehen Sie sich den Schlüssel bei Kraken an oder speichern Sie auf der Seite Schlüssel einen anderen.</translation>
    </message>
    <message>
        <source>LIVE has not been confirmed by a person in this run.</source>
        <translation>LIVE wurde in diesem Lauf noch von keinem Menschen bestätigt.</translation>
    </message>
    <message>
        <source>Leaves {quantity} to you: what was traded is listed as yours and not touched, what rests gets its size back.</source>
        <translation>Überlässt {quantity} Ihnen: Was gehandelt wurde, wird als Ihres gelistet und nicht angerührt, was liegt, bekommt seine Größe zurück.</translation>
    </message>
    <message>
        <source>Lets the other program use the account; the grid goes on beside it and asks no more in this run.</source>
        <translation>Lässt das andere Programm das Konto benutzen; das Grid macht daneben weiter und fragt in diesem Lauf nicht mehr.</translation>
    </message>
    <message>
        <source>Line {line}: {old_name} is now {path}; it is renamed when the file is written next.</source>
        <translation>Zeile {line}: {old_name} heißt jetzt {path}; beim nächsten Schreiben der Datei wird es umbenannt.</translation>
    </message>
    <message>
        <source>Looks up the {orders} orders of slot {slot_id} and takes what the exchange says of them.</source>
        <translation>Schlägt die {orders} Orders von Slot {slot_id} nach und übernimmt, was die Börse von ihnen sagt.</translation>
    </message>
    <message>
        <source>Made as large as an entry may be ({max_size_mult}); the skew is {skew}.</source>
        <translation>So groß gemacht, wie ein Einstieg sein darf ({max_size_mult}); die Neigung ist {skew}.</translation>
    </message>
    <message>
        <source>Made larger ({multiplier}) as a skew of {skew} asks.</source>
        <translation>Vergrößert ({multiplier}), wie es eine Neigung von {skew} verlangt.</translation>
    </message>
    <message>
        <source>Makes {count} orders the grid&apos;s own: exits go on closing; an entry whose place is taken is cancelled instead.</source>
        <translation>Macht {count} Orders zu denen des Grids: Ausstiege schließen weiter; ein Einstieg, dessen Platz besetzt ist, wird stattdessen storniert.</translation>
    </message>
    <message>
        <source>Makes {quantity} the slot&apos;s own: what was traded gets an exit at its own cost, what rests counts as asked for.</source>
        <translation>Macht {quantity} zum Eigenen des Slots: Was gehandelt wurde, bekommt einen Ausstieg zu seinen eigenen Kosten, was liegt, gilt als verlangt.</translation>
    </message>
    <message>
        <source>Near enough to its target already ({drift}).</source>
        <translation>Schon nah genug am Ziel ({drift}).</translation>
    </message>
    <message>
        <source>Needs {needed} {currency}, but only {available} is free; not placed.</source>
        <translation>Braucht {needed} {currency}, aber nur {available} sind frei; nicht platziert.</translation>
    </message>
    <message>
        <source>No PostgreSQL answers at {host}, port {port} ({error}). It is tried again.</source>
        <translation>Kein PostgreSQL antwortet unter {host}, Port {port} ({error}). Es wird erneut versucht.</translation>
    </message>
    <message>
        <source>No USD observed; the idle ratio counts as 0%.</source>
        <translation>Keine USD beobachtet; die Barquote zählt als 0%.</translation>
    </message>
    <message>
        <source>No answer came within {deadline_s}; it is being looked up.</source>
        <translation>Keine Antwort innerhalb von {deadline_s}; es wird nachgeschlagen.</translation>
    </message>
    <message>
        <source>No encrypted connection to {host} came about ({error}). Switch TLS on at the server.</source>
        <translation>Keine verschlüsselte Verbindung zu {host} kam zustande ({error}). TLS am Server einschalten.</translation>
    </message>
    <message>
        <source>No order of the grid stays at the exchange.</source>
        <translation>Keine Order des Grids bleibt an der Börse.</translation>
    </message>
    <message>
        <source>No person has allowed LIVE to start by itself.</source>
        <translation>Niemand hat erlaubt, dass LIVE von selbst startet.</translation>
    </message>
    <message>
        <source>No portfolio is listed in {file} yet. Add one there.</source>
        <translation>In {file} steht noch kein Portfolio. Dort eines hinzufügen.</translation>
    </message>
    <message>
        <source>No portfolio named {portfolio} is watched.</source>
        <translation>Kein Portfolio namens {portfolio} wird beobachtet.</translation>
    </message>
    <message>
        <source>No price that may be used is known for {coins}, so nothing is accepted or sent.</source>
        <translation>Kein verwendbarer Preis bekannt für {coins}, daher wird nichts angenommen oder gesendet.</translation>
    </message>
    <message>
        <source>No running engine takes the command {command}. Wait until the engines have started, then try again.</source>
        <translation>Keine laufende Engine nimmt den Befehl {command} an. Warten, bis die Engines gestartet sind, dann erneut versuchen.</translation>
    </message>
    <message>
        <source>Nobody confirmed the plan within {valid_s}; nothing was sent.</source>
        <translation>Niemand hat den Plan innerhalb von {valid_s} bestätigt; nichts wurde gesendet.</translation>
    </message>
    <message>
        <source>Not set up: {words}.</source>
        <translation>Nicht eingerichtet: {words}.</translation>
    </message>
    <message>
        <source>Not traded ({health}); its value counts in the total.</source>
        <translation>Nicht gehandelt ({health}); der Wert zählt in der Summe mit.</translation>
    </message>
    <message>
        <source>Nothing has been heard of the exchange for {silent_s} ({words}). Orders rest as they are; it is tried again by itself.</source>
        <translation>Seit {silent_s} ist von der Börse nichts zu hören ({words}). Orders liegen, wie sie sind; es wird von selbst wieder versucht.</translation>
    </message>
    <message>
        <source>Nothing is skewed: base size.</source>
        <translation>Nichts wird geneigt: Basisgröße.</translation>
    </message>
    <message>
        <source>Nothing leaves in mode {mode}.</source>
        <translation>Im Modus {mode} geht nichts hinaus.</translation>
    </message>
    <message>
        <source>Nothing named {id} waits for this user&apos;s signature.</source>
        <translation>Nichts namens {id} wartet auf die Signatur dieses Nutzers.</translation>
    </message>
    <message>
        <source>Nothing that it could be sold for may be traded.</source>
        <translation>Nichts, wofür es verkauft werden könnte, darf gehandelt werden.</translation>
    </message>
    <message>
        <source>Nothing trades: at {price} an entry of {size_usd} is less than the exchange takes, which is {least_usd}. Raise the order size.</source>
        <translation>Es wird nichts gehandelt: Bei {price} ist ein Einstieg von {size_usd} weniger, als die Börse annimmt, nämlich {least_usd}. Erhöhen Sie die Ordergröße.</translation>
    </message>
    <message>
        <source>Of {symbol}, {paid_out} base units were paid out and {arrived} arrived: it takes a fee on transfers and is no longer traded.</source>
        <translation>Von {symbol} wurden {paid_out} Basiseinheiten ausgezahlt, und {arrived} kamen an: Es nimmt eine Gebühr auf Transfers und wird nicht mehr gehandelt.</translation>
    </message>
    <message>
        <source>One request may be for {cap} at most.</source>
        <translation>Eine Anfrage darf höchstens {cap} betragen.</translation>
    </message>
    <message>
        <source>Only {headroom} places for open orders are left on the pair; no entry is placed.</source>
        <translation>Freie Plätze für offene Orders auf dem Paar: nur noch {headroom}; kein Einstieg wird platziert.</translation>
    </message>
    <message>
        <source>Options that change sizes, limits or access are not what they were when a person allowed LIVE to start by itself ({paths}).</source>
        <translation>Optionen, die Größen, Grenzen oder Zugang ändern, sind nicht mehr so, wie sie waren, als ein Mensch LIVE erlaubte, von selbst zu starten ({paths}).</translation>
    </message>
    <message>
        <source>Order {order_id} of slot {slot_id} was moved by somebody else from {was} to {now}. The slot goes on with that price.</source>
        <translation>Order {order_id} von Slot {slot_id} wurde von jemand anderem von {was} auf {now} verschoben. Der Slot macht mit diesem Preis weiter.</translation>
    </message>
    <message>
        <source>Order {order_id} of slot {slot_id} was taken off the book by somebody else. The slot places another where one is due.</source>
        <translation>Order {order_id} von Slot {slot_id} wurde von jemand anderem aus dem Orderbuch genommen. Der Slot platziert eine andere, wo eine fällig ist.</translation>
    </message>
    <message>
        <source>Order {order_id} was not taken off the book: {cause}</source>
        <translation>Order {order_id} wurde nicht aus dem Orderbuch genommen: {cause}</translation>
    </message>
    <message>
        <source>Orders and trades are being read from the exchange before anything is placed; {unresolved} intents are still unresolved.</source>
        <translation>Orders und Trades werden von der Börse gelesen, bevor etwas platziert wird; noch ungeklärte Absichten: {unresolved}.</translation>
    </message>
    <message>
        <source>Orders stay at the exchange with nobody watching them: {entries} entries and {exits} exits. The next start takes them up.</source>
        <translation>Orders bleiben an der Börse, und niemand sieht nach ihnen: {entries} Einstiege und {exits} Ausstiege. Der nächste Start nimmt sie wieder auf.</translation>
    </message>
    <message>
        <source>Out of balance by {max_drift}, but nothing may be traded: each token says why.</source>
        <translation>Um {max_drift} aus dem Gleichgewicht, aber nichts darf gehandelt werden: Bei jedem Token steht, warum.</translation>
    </message>
    <message>
        <source>Pause lets no new entry out; exits are still placed and completed, and resting orders stay.</source>
        <translation>Pause lässt keinen neuen Einstieg hinaus; Ausstiege werden weiter platziert und abgeschlossen, liegende Orders bleiben.</translation>
    </message>
    <message>
        <source>PostgreSQL at {host} does not let {user} in with this password. Save the right address.</source>
        <translation>PostgreSQL unter {host} lässt {user} mit diesem Passwort nicht herein. Die richtige Adresse speichern.</translation>
    </message>
    <message>
        <source>PostgreSQL could not be used ({error}). It is tried again.</source>
        <translation>PostgreSQL war nicht verwendbar ({error}). Es wird erneut versucht.</translation>
    </message>
    <message>
        <source>PostgreSQL did not answer within {deadline_s}. It is tried again.</source>
        <translation>PostgreSQL hat nicht innerhalb von {deadline_s} geantwortet. Es wird erneut versucht.</translation>
    </message>
    <message>
        <source>PostgreSQL did not finish in time ({error}); another session may hold a lock. It is tried again.</source>
        <translation>PostgreSQL wurde nicht rechtzeitig fertig ({error}); vielleicht hält eine andere Sitzung eine Sperre. Es wird erneut versucht.</translation>
    </message>
    <message>
        <source>PostgreSQL has rows of “{profile}” that this local store never wrote: it is an older copy, or a copy is in use elsewhere. Use the newer one, or give this one a name of its own in the settings.</source>
        <translation>PostgreSQL hat Zeilen von „{profile}“, die dieser lokale Speicher nie geschrieben hat: Er ist eine ältere Kopie, oder eine Kopie wird anderswo verwendet. Die neuere verwenden oder dieser in den Einstellungen einen eigenen Namen geben.</translation>
    </message>
    <message>
        <source>Programs on this machine can read the governor&apos;s status at port {port}.</source>
        <translation>Programme auf diesem Rechner können den Status des Governors an Port {port} lesen.</translation>
    </message>
    <message>
        <source>Resting until {until_s} after {losses} losses in a row.</source>
        <translation>Ruht bis {until_s} nach {losses} Verlusten in Folge.</translation>
    </message>
    <message>
        <source>Rests until {until_s} (failures in a row: {failures}).</source>
        <translation>Ruht bis {until_s} (Fehlschläge in Folge: {failures}).</translation>
    </message>
    <message>
        <source>Resume lets the engines act again in mode {mode}: orders are placed as soon as they are wanted.</source>
        <translation>Fortsetzen lässt die Engines im Modus {mode} wieder handeln: Orders werden platziert, sobald sie gewollt sind.</translation>
    </message>
    <message>
        <source>Slot {slot_id} and the exchange contradict each other: {detail}. The slot stands still, its orders stay on the book, the other slots go on.</source>
        <translation>Slot {slot_id} und die Börse widersprechen einander: {detail}. Der Slot steht still, seine Orders bleiben im Orderbuch, die anderen Slots machen weiter.</translation>
    </message>
    <message>
        <source>Slot {slot_id} holds {quantity}, and the exchange takes no order below {minimum} now: it goes along with the next exit of trade {trade}.</source>
        <translation>Slot {slot_id} hält {quantity}, und die Börse nimmt jetzt keine Order unter {minimum} an: Es geht mit dem nächsten Ausstieg von Trade {trade} mit.</translation>
    </message>
    <message>
        <source>Slot {slot_id} traded {quantity} more than it had asked for, at {price} ({cause}). They wait for you.</source>
        <translation>Slot {slot_id} hat {quantity} mehr gehandelt, als er verlangt hatte, zu {price} ({cause}). Sie warten auf Sie.</translation>
    </message>
    <message>
        <source>Slot {slot_id} waits for you.</source>
        <translation>Slot {slot_id} wartet auf Sie.</translation>
    </message>
    <message>
        <source>Slot {slot_id} would have placed: {side} {quantity} at {price}. In this mode nothing is sent.</source>
        <translation>Slot {slot_id} hätte platziert: {side} {quantity} zu {price}. In diesem Modus wird nichts gesendet.</translation>
    </message>
    <message>
        <source>Slot {slot_id}, side {trade}: moved {moves} times in one direction, resting until {until_s}.</source>
        <translation>Slot {slot_id}, Seite {trade}: {moves}-mal in eine Richtung verschoben, ruht bis {until_s}.</translation>
    </message>
    <message>
        <source>Slot {slot_id}, side {trade}: no order is to close {quantity} DOGE any more, traded for {cost_usd} and worth {market_usd} now. It is kept as abandoned inventory until entries of the other side work it off.</source>
        <translation>Slot {slot_id}, Seite {trade}: Keine Order soll {quantity} DOGE mehr schließen, gehandelt für {cost_usd} und jetzt {market_usd} wert. Sie bleiben als aufgegebener Bestand, bis Einstiege der anderen Seite sie abarbeiten.</translation>
    </message>
    <message>
        <source>Slot {slot_id}, side {trade}: not taken, tried again in {retry_after_s}. {cause}</source>
        <translation>Slot {slot_id}, Seite {trade}: nicht angenommen, neuer Versuch in {retry_after_s}. {cause}</translation>
    </message>
    <message>
        <source>Slot {slot_id}, side {trade}: the exit is {age_s} old and became a recovery order.</source>
        <translation>Slot {slot_id}, Seite {trade}: Der Ausstieg ist {age_s} alt und wurde zur Recovery-Order.</translation>
    </message>
    <message>
        <source>Somebody else made an order of slot {slot_id} larger: {resting} of it still rests, {traded} was traded.</source>
        <translation>Jemand anders hat eine Order von Slot {slot_id} vergrößert: {resting} davon liegen noch, {traded} wurden gehandelt.</translation>
    </message>
    <message>
        <source>Somebody else made order {order_id} of slot {slot_id} larger at the exchange: {asked} were asked for, it is {now} now.</source>
        <translation>Jemand anders hat Order {order_id} von Slot {slot_id} an der Börse vergrößert: {asked} waren verlangt, jetzt sind es {now}.</translation>
    </message>
    <message>
        <source>Somebody else made order {order_id} of slot {slot_id} smaller at the exchange: {asked} were asked for, it is {now} now. The slot goes on with that.</source>
        <translation>Jemand anders hat Order {order_id} von Slot {slot_id} an der Börse verkleinert: {asked} waren verlangt, jetzt sind es {now}. Der Slot macht damit weiter.</translation>
    </message>
    <message>
        <source>Stop takes every order off the book ({open_orders} now) and lets nothing new out, over restarts too, until a person resumes.</source>
        <translation>Stopp nimmt jede Order aus dem Orderbuch (jetzt {open_orders}) und lässt nichts Neues hinaus, auch über Neustarts, bis ein Mensch fortsetzt.</translation>
    </message>
    <message>
        <source>Takes a recovery order of slot {slot_id} ({quantity} at {price}) off the book for good; what it was to close is kept with its cost and worked off by later fills.</source>
        <translation>Nimmt eine Recovery-Order von Slot {slot_id} ({quantity} zu {price}) endgültig aus dem Orderbuch; was sie schließen sollte, bleibt mit seinen Kosten und wird von späteren Ausführungen abgearbeitet.</translation>
    </message>
    <message>
        <source>Takes {count} orders off the book; what they were to close stays in your account.</source>
        <translation>Nimmt {count} Orders aus dem Orderbuch; was sie schließen sollten, bleibt in Ihrem Konto.</translation>
    </message>
    <message>
        <source>Takes {orders} orders off the book, lists {bought} bought and {sold} sold as yours, and begins slot {slot_id} anew.</source>
        <translation>Nimmt {orders} Orders aus dem Orderbuch, listet {bought} Gekauftes und {sold} Verkauftes als Ihres und beginnt Slot {slot_id} neu.</translation>
    </message>
    <message>
        <source>That cannot happen at the paper exchange: {words}.</source>
        <translation>Das kann an der Papierbörse nicht geschehen: {words}.</translation>
    </message>
    <message>
        <source>The API key ends at {ends_s}, and orders that rest then could not be taken off. Make another key at Kraken.</source>
        <translation>Der API-Schlüssel endet um {ends_s}, und Orders, die dann liegen, könnten nicht mehr herausgenommen werden. Erstellen Sie bei Kraken einen anderen Schlüssel.</translation>
    </message>
    <message>
        <source>The API key ends at {ends_s}, in {left_s}: make another one at Kraken before that.</source>
        <translation>Der API-Schlüssel endet um {ends_s}, in {left_s}: Erstellen Sie vorher bei Kraken einen anderen.</translation>
    </message>
    <message>
        <source>The API key lacks rights that the grid needs: {rights}. Add them at Kraken, or make another key.</source>
        <translation>Dem API-Schlüssel fehlen Rechte, die das Grid braucht: {rights}. Bei Kraken hinzufügen oder einen anderen Schlüssel anlegen.</translation>
    </message>
    <message>
        <source>The API key may move funds off the exchange. Make one without that right; LIVE refuses this one unless “{phrase}” is typed.</source>
        <translation>Der API-Schlüssel darf Guthaben von der Börse abziehen. Einen ohne dieses Recht anlegen; LIVE lehnt diesen ab, sofern nicht „{phrase}“ eingegeben wird.</translation>
    </message>
    <message>
        <source>The API key may read records from {begins_s} on; trades before that are hidden from it.</source>
        <translation>Der API-Schlüssel darf Aufzeichnungen ab {begins_s} lesen; Trades davor sind ihm verborgen.</translation>
    </message>
    <message>
        <source>The API key may read records up to {ends_s} alone, so no trade of today would be seen.</source>
        <translation>Der API-Schlüssel darf Aufzeichnungen nur bis {ends_s} lesen, daher wäre kein Trade von heute zu sehen.</translation>
    </message>
    <message>
        <source>The API key works from these addresses alone: {addresses}. From any other Kraken calls it invalid.</source>
        <translation>Der API-Schlüssel gilt nur von diesen Adressen aus: {addresses}. Von jeder anderen nennt Kraken ihn ungültig.</translation>
    </message>
    <message>
        <source>The account could not be read: {words}.</source>
        <translation>Das Konto konnte nicht gelesen werden: {words}.</translation>
    </message>
    <message>
        <source>The account has {amount} {asset} that no trade and no entry of the ledger explains (worth {value}).</source>
        <translation>Im Konto sind {amount} {asset}, die kein Trade und kein Eintrag des Hauptbuchs erklärt (Wert {value}).</translation>
    </message>
    <message>
        <source>The account is worth {value_usd}, under the stop floor of {floor_usd}. No entry is placed.</source>
        <translation>Das Konto ist {value_usd} wert, unter dem Stopp-Boden von {floor_usd}. Kein Einstieg wird platziert.</translation>
    </message>
    <message>
        <source>The account&apos;s nonce {nonce} was used by a transaction that is not ours; nothing is sent in its place. See who else uses the account&apos;s key.</source>
        <translation>Die Nonce {nonce} des Kontos wurde von einer Transaktion verwendet, die nicht unsere ist; an ihrer Stelle wird nichts gesendet. Prüfen, wer den Schlüssel des Kontos noch verwendet.</translation>
    </message>
    <message>
        <source>The address of PostgreSQL is wrong: {fault}. It reads postgresql://user:password@host:port/database, with signs such as / @ # in the password written as % codes.</source>
        <translation>Die PostgreSQL-Adresse ist falsch: {fault}. Richtig ist die Form postgresql://user:password@host:port/database, mit Zeichen wie / @ # im Passwort als %-Codes geschrieben.</translation>
    </message>
    <message>
        <source>The call to revoke did not succeed. {cause}</source>
        <translation>Der Aufruf zum Widerrufen war nicht erfolgreich. {cause}</translation>
    </message>
    <message>
        <source>The chain has not been looked at yet.</source>
        <translation>Die Chain wurde noch nicht angesehen.</translation>
    </message>
    <message>
        <source>The coin that gas is paid in has no price, so the cost of a plan cannot be told; none is sent.</source>
        <translation>Die Coin, in der Gas bezahlt wird, hat keinen Preis, daher lassen sich die Kosten eines Plans nicht nennen; keiner wird gesendet.</translation>
    </message>
    <message>
        <source>The connection failed before it was known whether this arrived ({error}); it is being looked up.</source>
        <translation>Die Verbindung brach ab, bevor bekannt war, ob dies angekommen ist ({error}); es wird nachgeschlagen.</translation>
    </message>
    <message>
        <source>The connection to the exchange is down ({words}). Nothing is placed until it is back and the missed part is read.</source>
        <translation>Die Verbindung zur Börse ist unterbrochen ({words}). Nichts wird platziert, bis sie wieder besteht und das Versäumte gelesen ist.</translation>
    </message>
    <message>
        <source>The contracts of a standing delegation are not known for chain {chain_id}.</source>
        <translation>Für Chain {chain_id} sind die Contracts einer stehenden Delegation nicht bekannt.</translation>
    </message>
    <message>
        <source>The day&apos;s budget has {left} left; it waits until some is free.</source>
        <translation>Vom Tagesbudget sind {left} übrig; es wartet, bis wieder etwas frei ist.</translation>
    </message>
    <message>
        <source>The entry had drifted {drift_ratio} from the market (move {move}).</source>
        <translation>Der Einstieg war {drift_ratio} vom Markt abgekommen (Verschiebung {move}).</translation>
    </message>
    <message>
        <source>The environment variable {variable} holds it at {value}; change it there and start again.</source>
        <translation>Die Umgebungsvariable {variable} legt den Wert {value} fest; dort ändern und neu starten.</translation>
    </message>
    <message>
        <source>The environment variable {variable} is no option&apos;s and has no effect (nearest: “{nearest}”).</source>
        <translation>Die Umgebungsvariable {variable} gehört zu keiner Option und bewirkt nichts (ähnlichste: „{nearest}“).</translation>
    </message>
    <message>
        <source>The exchange answered with an error that it does not document ({words}); it is looked up what came of it.</source>
        <translation>Die Börse antwortete mit einem Fehler, den sie nicht dokumentiert ({words}); es wird nachgeschlagen, was daraus wurde.</translation>
    </message>
    <message>
        <source>The exchange changed a rule of the pair: {rule} was {was} and is {now}.</source>
        <translation>Die Börse hat eine Regel des Paars geändert: {rule} war {was} und ist {now}.</translation>
    </message>
    <message>
        <source>The exchange gave no answer that can be read ({words}).</source>
        <translation>Die Börse gab keine lesbare Antwort ({words}).</translation>
    </message>
    <message>
        <source>The exchange refused: {words} (advice: {advice}).</source>
        <translation>Die Börse hat abgelehnt: {words} (Rat: {advice}).</translation>
    </message>
    <message>
        <source>The exchange refuses what it is asked, and asking again will not help ({words}). Nothing is placed until you have looked at it.</source>
        <translation>Die Börse lehnt ab, was sie gefragt wird, und noch einmal zu fragen hilft nicht ({words}). Es wird nichts platziert, bis Sie nachgesehen haben.</translation>
    </message>
    <message>
        <source>The exchange says that the funds do not suffice.</source>
        <translation>Die Börse meldet, dass das Guthaben nicht reicht.</translation>
    </message>
    <message>
        <source>The exchange says that the order is too small.</source>
        <translation>Die Börse meldet, dass die Order zu klein ist.</translation>
    </message>
    <message>
        <source>The exchange takes no new orders on this pair now ({status}). It ends by itself.</source>
        <translation>Die Börse nimmt für dieses Paar jetzt keine neuen Orders an ({status}). Das endet von selbst.</translation>
    </message>
    <message>
        <source>The file cannot be read: {detail}.</source>
        <translation>Die Datei ist nicht lesbar: {detail}.</translation>
    </message>
    <message>
        <source>The file could not be written ({words}). Choose another place; nothing was left behind.</source>
        <translation>Die Datei konnte nicht geschrieben werden ({words}). Einen anderen Ort wählen; nichts blieb zurück.</translation>
    </message>
    <message>
        <source>The full scan found accounts that the index has wrong: {differences}. Nothing is sent until this program is started anew.</source>
        <translation>Die vollständige Prüfung fand Konten, die im Index falsch sind: {differences}. Nichts wird gesendet, bis dieses Programm neu gestartet ist.</translation>
    </message>
    <message>
        <source>The governor is switched off in its settings; every entry has its base size.</source>
        <translation>Der Governor ist in seinen Einstellungen ausgeschaltet; jeder Einstieg hat seine Basisgröße.</translation>
    </message>
    <message>
        <source>The grid is near its order limits (capacity: {band}), so nothing is skewed.</source>
        <translation>Das Grid ist nah an seinen Ordergrenzen (Kapazität: {band}), daher wird nichts geneigt.</translation>
    </message>
    <message>
        <source>The guard “{guard}” failed instead of answering, so everything was stopped ({error}). Find the cause before you resume.</source>
        <translation>Die Prüfung „{guard}“ ist fehlgeschlagen, statt zu antworten, daher wurde alles gestoppt ({error}). Vor dem Fortsetzen die Ursache finden.</translation>
    </message>
    <message>
        <source>The hub cannot say now. {why}</source>
        <translation>Der Hub kann es jetzt nicht sagen. {why}</translation>
    </message>
    <message>
        <source>The hub does not handle token {token_id}.</source>
        <translation>Der Hub führt Token {token_id} nicht.</translation>
    </message>
    <message>
        <source>The hub is stopped; it waits until a person resumes it.</source>
        <translation>Der Hub ist gestoppt; es wird gewartet, bis ein Mensch ihn fortsetzt.</translation>
    </message>
    <message>
        <source>The hub&apos;s number {nonce} was used by a batch that this program never signed: somebody else has the hub&apos;s key. Move its funds to a new key before you resume.</source>
        <translation>Die Nummer {nonce} des Hubs wurde von einem Batch verwendet, den dieses Programm nie unterschrieben hat: Jemand anders hat den Schlüssel des Hubs. Vor dem Fortsetzen seine Guthaben auf einen neuen Schlüssel übertragen.</translation>
    </message>
    <message>
        <source>The interval&apos;s budget has {left} left; it waits for the next interval.</source>
        <translation>Vom Budget des Intervalls sind {left} übrig; es wartet auf das nächste Intervall.</translation>
    </message>
    <message>
        <source>The journal cannot be read just now ({words}). Nothing is lost; refresh to try again.</source>
        <translation>Das Journal ist gerade nicht lesbar ({words}). Nichts ist verloren; zum erneuten Versuch aktualisieren.</translation>
    </message>
    <message>
        <source>The journal has no row {number}.</source>
        <translation>Das Journal hat keine Zeile {number}.</translation>
    </message>
    <message>
        <source>The key of the owner of {account} is not here. Sign the plan&apos;s delegation in the owner&apos;s wallet, and confirm with that signature: 65 bytes as hex.</source>
        <translation>Der Schlüssel des Eigentümers von {account} ist nicht hier. Die Delegation des Plans in der Wallet des Eigentümers unterschreiben und mit dieser Signatur bestätigen: 65 Bytes als Hex.</translation>
    </message>
    <message>
        <source>The key {key} named another request before. Take a new one.</source>
        <translation>Der Schlüssel {key} gehörte schon zu einer anderen Anfrage. Einen neuen nehmen.</translation>
    </message>
    <message>
        <source>The keyring holds no key for the owner of {account}, so nothing can be signed for it here.</source>
        <translation>Der Schlüsselbund enthält keinen Schlüssel für den Eigentümer von {account}, daher kann hier nichts dafür unterschrieben werden.</translation>
    </message>
    <message>
        <source>The keyring holds no whole key yet: save both the API key and the private key.</source>
        <translation>Der Schlüsselbund enthält noch keinen vollständigen Schlüssel: API-Schlüssel und privaten Schlüssel speichern.</translation>
    </message>
    <message>
        <source>The largest drift is {max_drift}, within the threshold of {threshold}: it is left as it is.</source>
        <translation>Die größte Abweichung ist {max_drift}, innerhalb der Schwelle von {threshold}: Es bleibt, wie es ist.</translation>
    </message>
    <message>
        <source>The last price is {age_s} old (limit {limit_s}). Nothing is placed until a fresh one arrives.</source>
        <translation>Der letzte Preis ist {age_s} alt (Grenze {limit_s}). Nichts wird platziert, bis ein frischer eintrifft.</translation>
    </message>
    <message>
        <source>The list of portfolios cannot be read ({words}). Nothing is decided until it can; mend the file.</source>
        <translation>Die Liste der Portfolios ist nicht lesbar ({words}). Bis dahin wird nichts entschieden; die Datei in Ordnung bringen.</translation>
    </message>
    <message>
        <source>The master switch is not running, so every entry keeps its base size.</source>
        <translation>Der Hauptschalter läuft nicht, daher behält jeder Einstieg seine Basisgröße.</translation>
    </message>
    <message>
        <source>The master switch is stopped: every order is taken off the book.</source>
        <translation>Der Hauptschalter steht auf Stopp: Jede Order wird aus dem Orderbuch genommen.</translation>
    </message>
    <message>
        <source>The master switch is {switch}, which holds this back.</source>
        <translation>Der Hauptschalter steht auf „{switch}“ und hält dies zurück.</translation>
    </message>
    <message>
        <source>The master switch is {switch}; this changes nothing.</source>
        <translation>Der Hauptschalter steht auf {switch}; das ändert nichts.</translation>
    </message>
    <message>
        <source>The name stands in the file twice (first on line {first_line}).</source>
        <translation>Der Name steht zweimal in der Datei (zuerst in Zeile {first_line}).</translation>
    </message>
    <message>
        <source>The newest price from {source} is {age_s} old (limit {max_age_s}).</source>
        <translation>Der neueste Preis ist {age_s} alt (Grenze {max_age_s}); Quelle: {source}.</translation>
    </message>
    <message>
        <source>The next update is due at {next_update_s}.</source>
        <translation>Die nächste Aktualisierung ist um {next_update_s} fällig.</translation>
    </message>
    <message>
        <source>The node does not answer ({words}). Nothing new is decided until it does; what stands here is from before.</source>
        <translation>Der Knoten antwortet nicht ({words}). Bis er antwortet, wird nichts Neues entschieden; was hier steht, ist von vorher.</translation>
    </message>
    <message>
        <source>The node does not answer as expected ({words}). It is asked again; until it does nothing is sent.</source>
        <translation>Der Knoten antwortet nicht wie erwartet ({words}). Er wird erneut gefragt; bis er antwortet, wird nichts gesendet.</translation>
    </message>
    <message>
        <source>The node said: {words}.</source>
        <translation>Der Knoten meldet: {words}.</translation>
    </message>
    <message>
        <source>The order gets back the size that was asked for, {quantity}.</source>
        <translation>Die Order bekommt die verlangte Größe zurück, {quantity}.</translation>
    </message>
    <message>
        <source>The order is not on the book any more.</source>
        <translation>Die Order liegt nicht mehr im Orderbuch.</translation>
    </message>
    <message>
        <source>The owner&apos;s key is not here. To revoke, send from {account} to the DelegationManager {to} the call {data}</source>
        <translation>Der Schlüssel des Eigentümers ist nicht hier. Zum Widerrufen von {account} an den DelegationManager {to} diesen Aufruf senden: {data}</translation>
    </message>
    <message>
        <source>The owner&apos;s key is not here: sign both typed data in the owner&apos;s wallet, then grant with the two signatures.</source>
        <translation>Der Schlüssel des Eigentümers ist nicht hier: beide Typed Data in der Wallet des Eigentümers unterschreiben, dann mit den zwei Signaturen erteilen.</translation>
    </message>
    <message>
        <source>The paper exchange has ended by itself (exit code {exit_code}), so nothing can be read or placed. End this session and start again.</source>
        <translation>Die PAPER-Börse hat sich von selbst beendet (Exit-Code {exit_code}), daher kann nichts gelesen oder platziert werden. Diese Sitzung beenden und neu starten.</translation>
    </message>
    <message>
        <source>The payer can pay {most} at most now.</source>
        <translation>Der Zahler kann jetzt höchstens {most} zahlen.</translation>
    </message>
    <message>
        <source>The plan that was read for {portfolio} no longer stands. Nothing was sent; read the new one.</source>
        <translation>Der gelesene Plan für {portfolio} besteht nicht mehr. Nichts wurde gesendet; den neuen lesen.</translation>
    </message>
    <message>
        <source>The plan {plan} was handed to the chain.</source>
        <translation>Der Plan {plan} wurde der Chain übergeben.</translation>
    </message>
    <message>
        <source>The pools would give nothing for it; nothing is sold for nothing.</source>
        <translation>Die Pools gäben nichts dafür; für nichts wird nichts verkauft.</translation>
    </message>
    <message>
        <source>The pools&apos; price of {price} is {deviation} from its average of {twap} (limit {max_deviation}): somebody may have moved it.</source>
        <translation>Der Preis der Pools von {price} liegt {deviation} neben seinem Durchschnitt von {twap} (Grenze {max_deviation}): Jemand könnte ihn bewegt haben.</translation>
    </message>
    <message>
        <source>The portfolio is empty.</source>
        <translation>Das Portfolio ist leer.</translation>
    </message>
    <message>
        <source>The price had moved, so the order would have taken liquidity; it is priced again.</source>
        <translation>Der Preis hatte sich bewegt, daher hätte die Order Liquidität genommen; der Preis wird neu gesetzt.</translation>
    </message>
    <message>
        <source>The price of the native coin is {age_s} old (limit {max_age_s}): the soft limit is held where it was.</source>
        <translation>Der Preis der nativen Coin ist {age_s} alt (Grenze {max_age_s}): Die weiche Grenze bleibt, wo sie war.</translation>
    </message>
    <message>
        <source>The program ended before the plan left; it was given up.</source>
        <translation>Das Programm endete, bevor der Plan hinausging; er wurde aufgegeben.</translation>
    </message>
    <message>
        <source>The reading of {field} cannot be believed ({found}, expected {expected}), so nothing is skewed.</source>
        <translation>Der Messwert {field} ist nicht glaubhaft ({found}, erwartet {expected}), daher wird nichts geneigt.</translation>
    </message>
    <message>
        <source>The receiver&apos;s account takes {most} at most now: beyond that the hub would owe more than it may.</source>
        <translation>Das Konto des Empfängers nimmt jetzt höchstens {most} auf: Darüber hinaus würde der Hub mehr schulden, als er darf.</translation>
    </message>
    <message>
        <source>The rights could not be read: {error}.</source>
        <translation>Die Rechte konnten nicht gelesen werden: {error}.</translation>
    </message>
    <message>
        <source>The saved {field} was unreadable ({found}, expected {expected}) and starts at zero.</source>
        <translation>Das gespeicherte Feld {field} war nicht lesbar ({found}, erwartet {expected}) und beginnt bei null.</translation>
    </message>
    <message>
        <source>The session ends and takes every order off the book, so nothing is placed.</source>
        <translation>Die Sitzung endet und nimmt jede Order aus dem Orderbuch, daher wird nichts platziert.</translation>
    </message>
    <message>
        <source>The signature is not the user&apos;s over what is asked back.</source>
        <translation>Die Signatur ist nicht die des Nutzers über das Zurückgefragte.</translation>
    </message>
    <message>
        <source>The skew ({skew}) favours the other side; this one keeps its base size.</source>
        <translation>Die Neigung ({skew}) bevorzugt die andere Seite; diese behält ihre Basisgröße.</translation>
    </message>
    <message>
        <source>The skew is as large as it may be (±{cap}).</source>
        <translation>Die Neigung ist so groß, wie sie sein darf (±{cap}).</translation>
    </message>
    <message>
        <source>The skew is not a number ({found}): base size.</source>
        <translation>Die Neigung ist keine Zahl ({found}): Basisgröße.</translation>
    </message>
    <message>
        <source>The skew is on its way from {skew} to {raw}, at most {max_skew_step} an update.</source>
        <translation>Die Neigung ist auf dem Weg von {skew} zu {raw}, höchstens {max_skew_step} je Aktualisierung.</translation>
    </message>
    <message>
        <source>The skew is {skew}, as a smoothed error of {smoothed_error} asks for.</source>
        <translation>Die Neigung ist {skew}, wie es ein geglätteter Fehler von {smoothed_error} verlangt.</translation>
    </message>
    <message>
        <source>The skew kept changing sign, so its cap is halved to ±{cap} until {damped_until_s}.</source>
        <translation>Die Neigung wechselte immer wieder das Vorzeichen, daher ist ihre Obergrenze bis {damped_until_s} auf ±{cap} halbiert.</translation>
    </message>
    <message>
        <source>The smoothed error ({smoothed_error}) is inside the neutral band (±{neutral_band}); both sides at base size.</source>
        <translation>Der geglättete Fehler ({smoothed_error}) liegt im neutralen Band (±{neutral_band}); beide Seiten bei Basisgröße.</translation>
    </message>
    <message>
        <source>The sources disagree: {price} and {second_price} are {deviation} apart (limit {max_deviation}).</source>
        <translation>Die Quellen widersprechen sich: {price} und {second_price} liegen {deviation} auseinander (Grenze {max_deviation}).</translation>
    </message>
    <message>
        <source>The state says {state_volume_doge}, the exchange acknowledged {acknowledged_volume_doge}. Everything is halted: compare with the exchange before you resume.</source>
        <translation>Der Zustand sagt {state_volume_doge}, die Börse hat {acknowledged_volume_doge} bestätigt. Alles ist angehalten: Vor dem Fortsetzen mit der Börse vergleichen.</translation>
    </message>
    <message>
        <source>The status page is not served: port {port} of this machine cannot be had ({error}). Choose another one in the settings; nothing else is affected.</source>
        <translation>Die Statusseite wird nicht bereitgestellt: Port {port} dieses Rechners ist nicht zu bekommen ({error}). In den Einstellungen einen anderen wählen; sonst ist nichts betroffen.</translation>
    </message>
    <message>
        <source>The status page is switched off.</source>
        <translation>Die Statusseite ist ausgeschaltet.</translation>
    </message>
    <message>
        <source>The tables at PostgreSQL are of a newer program (schema {found}; this one knows {known}).</source>
        <translation>Die Tabellen bei PostgreSQL stammen von einem neueren Programm (Schema {found}; dieses kennt {known}).</translation>
    </message>
    <message>
        <source>The user may ask for up to {most}.</source>
        <translation>Der Nutzer darf bis zu {most} anfragen.</translation>
    </message>
    <message>
        <source>The user&apos;s collateral, with what is on its way, may grow by {left} at most.</source>
        <translation>Was für den Nutzer besichert ist, darf samt Unterwegsbefindlichem höchstens um {left} wachsen.</translation>
    </message>
    <message>
        <source>The webhook&apos;s receiver did not take it ({words}).</source>
        <translation>Der Empfänger des Webhooks hat ihn nicht angenommen ({words}).</translation>
    </message>
    <message>
        <source>The whole trade would move its pools by {price_impact} (limit {max_impact}): {left_out_usd} of it is left out.</source>
        <translation>Der ganze Trade würde seine Pools um {price_impact} bewegen (Grenze {max_impact}): {left_out_usd} davon entfallen.</translation>
    </message>
    <message>
        <source>The {engine} engine found its own state in breach and stopped everything: {detail}. Compare with the exchange before you resume.</source>
        <translation>Die Engine {engine} fand ihren eigenen Zustand verletzt und hat alles gestoppt: {detail}. Vor dem Fortsetzen mit der Börse vergleichen.</translation>
    </message>
    <message>
        <source>There is no address of PostgreSQL: save it on the Keys page, or set {variable}.</source>
        <translation>Es gibt keine PostgreSQL-Adresse: auf der Seite Schlüssel speichern oder {variable} setzen.</translation>
    </message>
    <message>
        <source>There is no chain to look at: {words}.</source>
        <translation>Es gibt keine Chain anzusehen: {words}.</translation>
    </message>
    <message>
        <source>There is no chain to work on: {words}.</source>
        <translation>Es gibt keine Chain, auf der gearbeitet werden kann: {words}.</translation>
    </message>
    <message>
        <source>There is no database {database} at {host}. Create it, or save the right address.</source>
        <translation>Die Datenbank {database} gibt es unter {host} nicht. Anlegen oder die richtige Adresse speichern.</translation>
    </message>
    <message>
        <source>There is no price from {source}.</source>
        <translation>Kein Preis aus dieser Quelle: {source}.</translation>
    </message>
    <message>
        <source>There is no such option. The nearest name is “{nearest}”.</source>
        <translation>Eine solche Option gibt es nicht. Der ähnlichste Name ist „{nearest}“.</translation>
    </message>
    <message>
        <source>There is no such section. Expected one of {sections}.</source>
        <translation>Einen solchen Abschnitt gibt es nicht. Erwartet wird einer von {sections}.</translation>
    </message>
    <message>
        <source>There is nothing to revoke: plan {plan} is over, or no delegation was made for it.</source>
        <translation>Es gibt nichts zu widerrufen: Plan {plan} ist vorbei, oder für ihn wurde keine Delegation erstellt.</translation>
    </message>
    <message>
        <source>This computer&apos;s clock is {ahead_s} ahead of the exchange&apos;s, too far for deadlines to hold. Set the clock; the grid goes on by itself then.</source>
        <translation>Die Uhr dieses Rechners geht gegenüber der Börse um {ahead_s} vor, zu viel, als dass Fristen halten. Stellen Sie die Uhr; dann macht das Grid von selbst weiter.</translation>
    </message>
    <message>
        <source>This is not TOML in UTF-8: {detail}.</source>
        <translation>Das ist kein TOML in UTF-8: {detail}.</translation>
    </message>
    <message>
        <source>This machine&apos;s clock is {by_s} behind what was last written here, so it cannot be told how long LIVE may still start by itself.</source>
        <translation>Die Uhr dieses Rechners liegt {by_s} hinter dem zuletzt hier Geschriebenen, daher lässt sich nicht sagen, wie lange LIVE noch von selbst starten darf.</translation>
    </message>
    <message>
        <source>This was sent before (key {key}); it is not sent twice.</source>
        <translation>Dies wurde schon gesendet (Schlüssel {key}); es wird nicht zweimal gesendet.</translation>
    </message>
    <message>
        <source>Today&apos;s realised result is {realised_usd}, at the daily limit of {limit_usd}. No entry is placed until the UTC day ends.</source>
        <translation>Das heute realisierte Ergebnis ist {realised_usd}, an der Tagesgrenze von {limit_usd}. Bis zum Ende des UTC-Tages wird kein Einstieg platziert.</translation>
    </message>
    <message>
        <source>Tried on a copy of the chain the batch fails with it ({words}).</source>
        <translation>Im Probelauf auf einer Kopie der Chain schlägt der Batch damit fehl ({words}).</translation>
    </message>
    <message>
        <source>Tried on a copy of the chain the batch fails, whatever is in it ({words}); nothing is sent until it passes.</source>
        <translation>Im Probelauf auf einer Kopie der Chain schlägt der Batch fehl, was immer er enthält ({words}); nichts wird gesendet, bis er besteht.</translation>
    </message>
    <message>
        <source>Tried on a copy of the newest block, {leg} failed ({words}); nothing was sent.</source>
        <translation>Im Probelauf auf einer Kopie des neuesten Blocks fehlgeschlagen: {leg} ({words}); nichts wurde gesendet.</translation>
    </message>
    <message>
        <source>USD ({observed_usd}) is below its runway floor ({usd_runway_floor}); buys stay at base size.</source>
        <translation>USD ({observed_usd}) liegt unter dem Reserveboden ({usd_runway_floor}); Käufe bleiben bei Basisgröße.</translation>
    </message>
    <message>
        <source>Waiting for the first price.</source>
        <translation>Wartet auf den ersten Preis.</translation>
    </message>
    <message>
        <source>Waits for funds: reserve and signed pulls lack {short}.</source>
        <translation>Wartet auf Guthaben: Der Reserve samt unterschriebenen Pulls fehlen {short}.</translation>
    </message>
    <message>
        <source>Waits for signature: pulls of {unsigned} would fund it once their users have signed.</source>
        <translation>Wartet auf Signaturen: Pulls über {unsigned} würden es decken, sobald ihre Nutzer unterschrieben haben.</translation>
    </message>
    <message>
        <source>Waits for {unpriced}, which has no price that may be used.</source>
        <translation>Wartet auf {unpriced}, ohne verwendbaren Preis.</translation>
    </message>
    <message>
        <source>Waits to be mined (sent at block {sent_block}).</source>
        <translation>Wartet darauf, gemint zu werden (gesendet bei Block {sent_block}).</translation>
    </message>
    <message>
        <source>What a person allowed LIVE to do by itself ended at {expired_s}.</source>
        <translation>Was ein Mensch LIVE von selbst zu tun erlaubte, endete um {expired_s}.</translation>
    </message>
    <message>
        <source>What cannot be traded keeps its value, so the destination here is a share of {share} instead of {target}.</source>
        <translation>Was nicht handelbar ist, behält seinen Wert, daher ist das Ziel hier ein Anteil von {share} statt {target}.</translation>
    </message>
    <message>
        <source>Window: pending {waited_s} of {window_s}; {missing} more send the batch at once.</source>
        <translation>Fenster: {waited_s} von {window_s} gewartet; {missing} weitere lösen den Batch sofort aus.</translation>
    </message>
    <message>
        <source>With its fees it comes to {total}, and {free} is free: {most} could be asked for.</source>
        <translation>Mit Gebühren ergibt es {total}, und frei sind {free}: Angefragt werden könnten {most}.</translation>
    </message>
    <message>
        <source>hub.toml cannot be used ({words}). Nothing is accepted or sent until it can; mend the file.</source>
        <translation>hub.toml ist nicht verwendbar ({words}). Bis dahin wird nichts angenommen oder gesendet; die Datei in Ordnung bringen.</translation>
    </message>
    <message>
        <source>it</source>
        <translation>der ganze Plan</translation>
    </message>
    <message>
        <source>reverted</source>
        <translation>rückgängig gemacht</translation>
    </message>
    <message>
        <source>sslmode={sslmode} would let the password go to {host} in the clear. Take it out of the address.</source>
        <translation>Mit sslmode={sslmode} ginge das Passwort unverschlüsselt an {host}. Aus der Adresse entfernen.</translation>
    </message>
    <message>
        <source>succeeded</source>
        <translation>erfolgreich</translation>
    </message>
    <message>
        <source>swap {leg}</source>
        <translation>Swap {leg}</translation>
    </message>
    <message>
        <source>{ahead} go before it, and a batch takes {batch_max}.</source>
        <translation>Davor warten {ahead}, und ein Batch fasst {batch_max}.</translation>
    </message>
    <message>
        <source>{amount} {asset} are earning and cannot be traded.</source>
        <translation>{amount} {asset} sind angelegt und können nicht gehandelt werden.</translation>
    </message>
    <message>
        <source>{amount} {asset}: {words}.</source>
        <translation>{amount} {asset}: {words}.</translation>
    </message>
    <message>
        <source>{cause} entry of {size_usd} (base {base_usd}, skew {skew}).</source>
        <translation>{cause}: Einstieg über {size_usd} (Basis {base_usd}, Neigung {skew}).</translation>
    </message>
    <message>
        <source>{count} orders of an earlier life of this program rest on the account, and its journal is not here.</source>
        <translation>{count} Orders aus einem früheren Leben dieses Programms liegen auf dem Konto, und dessen Journal ist nicht hier.</translation>
    </message>
    <message>
        <source>{earning_ratio} of a currency is earning and cannot be traded (limit {limit_ratio}): the skew is held at 0.</source>
        <translation>{earning_ratio} einer Währung sind angelegt und können nicht gehandelt werden (Grenze {limit_ratio}): Die Neigung bleibt bei 0.</translation>
    </message>
    <message>
        <source>{given_usd} instead of {wanted_usd}, so that a base size of the {available_usd} that is free stays for the other side.</source>
        <translation>{given_usd} statt {wanted_usd}, damit von den freien {available_usd} eine Basisgröße für die andere Seite bleibt.</translation>
    </message>
    <message>
        <source>{path} no longer exists and is left out.</source>
        <translation>{path} gibt es nicht mehr und entfällt.</translation>
    </message>
    <message>
        <source>{path} stands in the place of {old_name}, which is set to {value} (line {line}; kept: {kept}).</source>
        <translation>{path} steht an der Stelle von {old_name}, das auf {value} gesetzt ist (Zeile {line}; behalten: {kept}).</translation>
    </message>
    <message>
        <source>{portfolio} has no standing delegation.</source>
        <translation>{portfolio} hat keine stehende Delegation.</translation>
    </message>
    <message>
        <source>{quantity} DOGE is below the exchange&apos;s minimum of {minimum} DOGE.</source>
        <translation>{quantity} DOGE liegen unter dem Minimum der Börse von {minimum} DOGE.</translation>
    </message>
    <message>
        <source>{quantity} more were made the slot&apos;s own; one exit of all of it takes the place of this one.</source>
        <translation>{quantity} mehr wurden zum Eigenen des Slots; ein Ausstieg über alles tritt an die Stelle von diesem.</translation>
    </message>
    <message>
        <source>{side} {quantity} at {price}, order {order_id}.</source>
        <translation>{side} {quantity} zu {price}, Order {order_id}.</translation>
    </message>
    <message>
        <source>{side}: needs {needed}, and {free} is free; orders that are not the grid&apos;s hold {held}.</source>
        <translation>{side}: braucht {needed}, frei sind {free}; Orders, die nicht vom Grid sind, halten {held}.</translation>
    </message>
    <message>
        <source>{side}: needs {needed}, but only {free} is free.</source>
        <translation>{side}: braucht {needed}, aber nur {free} sind frei.</translation>
    </message>
    <message>
        <source>{symbol} cannot be traded as it is ({health}): trying the plan on a copy of the chain showed it.</source>
        <translation>{symbol} ist in diesem Zustand nicht handelbar ({health}): Das zeigte der Probelauf des Plans auf einer Kopie der Chain.</translation>
    </message>
    <message>
        <source>{text}.</source>
        <translation>{text}.</translation>
    </message>
    <message>
        <source>{usd} of it is bought.</source>
        <translation>Davon werden {usd} gekauft.</translation>
    </message>
    <message>
        <source>{usd} of it is sold.</source>
        <translation>Davon werden {usd} verkauft.</translation>
    </message>
    <message>
        <source>{usd} of {wanted_usd} now, the rest after the next cooldown.</source>
        <translation>{usd} von {wanted_usd} jetzt, der Rest nach der nächsten Ruhezeit.</translation>
    </message>
    <message>
        <source>{user} may not {action} in database {database} ({error}). Its owner can create the schema evenkeel and make {user} its owner.</source>
        <translation>{user} fehlt in der Datenbank {database} ein Recht: {action} ({error}). Der Eigentümer der Datenbank kann das Schema evenkeel anlegen und {user} zu dessen Eigentümer machen.</translation>
    </message>
    <message>
        <source>{volume_doge} is below the exchange&apos;s minimum of {min_volume_doge}; not placed.</source>
        <translation>{volume_doge} liegen unter dem Minimum der Börse von {min_volume_doge}; nicht platziert.</translation>
    </message>
    <message>
        <source>{waiting} commands are still being worked on; this one was not taken. Try again in a moment.</source>
        <translation>{waiting} Befehle sind noch in Arbeit; dieser wurde nicht angenommen. In einem Augenblick erneut versuchen.</translation>
    </message>
    <message>
        <source>{waiting} requests wait already. Ask again later.</source>
        <translation>Es warten schon {waiting} Anfragen. Später erneut anfragen.</translation>
    </message>
    <message>
        <source>“{verb} {target}” is not offered now: look at what waits for a person again.</source>
        <translation>„{verb} {target}“ wird jetzt nicht angeboten: Sehen Sie noch einmal nach, was auf einen Menschen wartet.</translation>
    </message>
</context>
<context>
    <name>ResumeDialog</name>
    <message>
        <source>Leave as it is</source>
        <translation>So lassen</translation>
    </message>
    <message>
        <source>Resume in {mode}</source>
        <translation>In {mode} fortsetzen</translation>
    </message>
    <message>
        <source>Resume the engines?</source>
        <translation>Engines fortsetzen?</translation>
    </message>
    <message>
        <source>The engines read the exchange first, then place and move orders again as their settings say.</source>
        <translation>Die Engines lesen zuerst die Börse, dann platzieren und verschieben sie wieder Orders, wie es ihre Einstellungen sagen.</translation>
    </message>
    <message>
        <source>The master switch is {position}. {why}</source>
        <translation>Der Hauptschalter steht auf „{position}“. {why}</translation>
    </message>
</context>
<context>
    <name>RightsCard</name>
    <message>
        <source>Ends: {time}</source>
        <translation>Endet: {time}</translation>
    </message>
    <message>
        <source>It has the rights that the grid needs, and none to move funds off the exchange.</source>
        <translation>Er hat die Rechte, die das Grid braucht, und keines, um Guthaben von der Börse abzuziehen.</translation>
    </message>
    <message>
        <source>Kraken is being asked.</source>
        <translation>Kraken wird gefragt.</translation>
    </message>
    <message>
        <source>Kraken&apos;s names: {rights}</source>
        <translation>Bezeichnungen bei Kraken: {rights}</translation>
    </message>
    <message>
        <source>Lacks rights</source>
        <translation>Rechte fehlen</translation>
    </message>
    <message>
        <source>May read records from {begin} to {end}</source>
        <translation>Darf Aufzeichnungen von {begin} bis {end} lesen</translation>
    </message>
    <message>
        <source>May trade, may not withdraw</source>
        <translation>Darf handeln, darf nicht abheben</translation>
    </message>
    <message>
        <source>May withdraw</source>
        <translation>Darf abheben</translation>
    </message>
    <message>
        <source>Name at Kraken: {name}</source>
        <translation>Name bei Kraken: {name}</translation>
    </message>
    <message>
        <source>Not known</source>
        <translation>Nicht bekannt</translation>
    </message>
    <message>
        <source>Not read yet</source>
        <translation>Noch nicht gelesen</translation>
    </message>
    <message>
        <source>Read from Kraken</source>
        <translation>Von Kraken lesen</translation>
    </message>
    <message>
        <source>Read from Kraken what the key may do</source>
        <translation>Von Kraken lesen, was der Schlüssel darf</translation>
    </message>
    <message>
        <source>Read from Kraken when both keys are saved, and at each start that uses them.</source>
        <translation>Wird von Kraken gelesen, wenn beide Schlüssel gespeichert sind, und bei jedem Start, der sie verwendet.</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>Wird gelesen…</translation>
    </message>
    <message>
        <source>What this key may do</source>
        <translation>Was dieser Schlüssel darf</translation>
    </message>
    <message>
        <source>Works from addresses: {addresses}</source>
        <translation>Gilt von Adressen aus: {addresses}</translation>
    </message>
    <message>
        <source>any</source>
        <translation>jeder</translation>
    </message>
    <message>
        <source>never</source>
        <translation>nie</translation>
    </message>
</context>
<context>
    <name>Services</name>
    <message>
        <source>Behind by {rows} rows since {since}.</source>
        <translation>Um {rows} Zeilen im Rückstand seit {since}.</translation>
    </message>
    <message>
        <source>Beside the engines</source>
        <translation>Neben den Engines</translation>
    </message>
    <message>
        <source>Catching up</source>
        <translation>Holt auf</translation>
    </message>
    <message>
        <source>Connected</source>
        <translation>Verbunden</translation>
    </message>
    <message>
        <source>Connecting</source>
        <translation>Verbindet</translation>
    </message>
    <message>
        <source>Copy at PostgreSQL</source>
        <translation>Kopie bei PostgreSQL</translation>
    </message>
    <message>
        <source>Lost</source>
        <translation>Verloren</translation>
    </message>
    <message>
        <source>No rows are missing there.</source>
        <translation>Dort fehlen keine Zeilen.</translation>
    </message>
    <message>
        <source>Nobody can read the governor&apos;s status.</source>
        <translation>Niemand kann den Status des Governors lesen.</translation>
    </message>
    <message>
        <source>Not served</source>
        <translation>Nicht bereitgestellt</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>Aus</translation>
    </message>
    <message>
        <source>PostgreSQL has every row of “{profile}” (last heard of at {at}).</source>
        <translation>PostgreSQL hat jede Zeile von „{profile}“ (zuletzt gehört um {at}).</translation>
    </message>
    <message>
        <source>Read-only at {address}.</source>
        <translation>Nur lesbar unter {address}.</translation>
    </message>
    <message>
        <source>Served</source>
        <translation>Bereitgestellt</translation>
    </message>
    <message>
        <source>Status page</source>
        <translation>Statusseite</translation>
    </message>
    <message>
        <source>The local store alone keeps the records.</source>
        <translation>Allein der lokale Speicher führt die Aufzeichnungen.</translation>
    </message>
    <message>
        <source>The local store is complete and goes on alone.</source>
        <translation>Der lokale Speicher ist vollständig und läuft allein weiter.</translation>
    </message>
</context>
<context>
    <name>SettingsDialogs</name>
    <message>
        <source>Apply 1 change</source>
        <translation>1 Änderung anwenden</translation>
    </message>
    <message>
        <source>Apply {count} changes</source>
        <translation>{count} Änderungen anwenden</translation>
    </message>
    <message>
        <source>By</source>
        <translation>Von</translation>
    </message>
    <message>
        <source>Changed</source>
        <translation>Geändert</translation>
    </message>
    <message>
        <source>Changes</source>
        <translation>Änderungen</translation>
    </message>
    <message>
        <source>Choose the revision whose file should hold again. You see what would change first.</source>
        <translation>Die Revision wählen, deren Datei wieder gelten soll. Zuerst wird gezeigt, was sich ändern würde.</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Earlier revisions</source>
        <translation>Frühere Revisionen</translation>
    </message>
    <message>
        <source>In force from</source>
        <translation>Gilt ab</translation>
    </message>
    <message>
        <source>Not now</source>
        <translation>Nicht jetzt</translation>
    </message>
    <message>
        <source>Now</source>
        <translation>Jetzt</translation>
    </message>
    <message>
        <source>Option</source>
        <translation>Option</translation>
    </message>
    <message>
        <source>Revision</source>
        <translation>Revision</translation>
    </message>
    <message>
        <source>Revisions, newest first</source>
        <translation>Revisionen, neueste zuerst</translation>
    </message>
    <message>
        <source>Risk</source>
        <translation>Risiko</translation>
    </message>
    <message>
        <source>See what would change</source>
        <translation>Zeigen, was sich ändern würde</translation>
    </message>
    <message>
        <source>Takes effect</source>
        <translation>Wirksam</translation>
    </message>
    <message>
        <source>Then</source>
        <translation>Danach</translation>
    </message>
    <message>
        <source>These options will have another value. Nothing has changed yet.</source>
        <translation>Diese Optionen erhalten einen anderen Wert. Noch hat sich nichts geändert.</translation>
    </message>
    <message>
        <source>at once</source>
        <translation>sofort</translation>
    </message>
    <message>
        <source>at the next start</source>
        <translation>beim nächsten Start</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>nichts</translation>
    </message>
    <message>
        <source>{first} and {more} more</source>
        <translation>{first} und {more} weitere</translation>
    </message>
</context>
<context>
    <name>SettingsPage</name>
    <message>
        <source>Apply these changes?</source>
        <translation>Diese Änderungen anwenden?</translation>
    </message>
    <message>
        <source>Bring back revision {number}?</source>
        <translation>Revision {number} zurückholen?</translation>
    </message>
    <message>
        <source>Discard</source>
        <translation>Verwerfen</translation>
    </message>
    <message>
        <source>Every revision, to bring one back</source>
        <translation>Jede Revision, um eine zurückzuholen</translation>
    </message>
    <message>
        <source>Forget what was typed</source>
        <translation>Eingaben vergessen</translation>
    </message>
    <message>
        <source>Go back one revision?</source>
        <translation>Eine Revision zurückgehen?</translation>
    </message>
    <message>
        <source>Go back to the revision before this one</source>
        <translation>Zur Revision vor dieser zurückkehren</translation>
    </message>
    <message>
        <source>History…</source>
        <translation>Verlauf…</translation>
    </message>
    <message>
        <source>Nothing edited</source>
        <translation>Nichts bearbeitet</translation>
    </message>
    <message>
        <source>Put the file back</source>
        <translation>Datei zurücksetzen</translation>
    </message>
    <message>
        <source>Read the file again after an edit by hand</source>
        <translation>Die Datei nach einer Änderung von Hand neu lesen</translation>
    </message>
    <message>
        <source>Reload file</source>
        <translation>Datei neu laden</translation>
    </message>
    <message>
        <source>Review and apply…</source>
        <translation>Prüfen und anwenden…</translation>
    </message>
    <message>
        <source>Revision {number}, in force since {time}, by {author}</source>
        <translation>Revision {number}, gilt seit {time}, von {author}</translation>
    </message>
    <message>
        <source>Search name, text, unit or source name (Ctrl+F)</source>
        <translation>Name, Text, Einheit oder Quellname suchen (Strg+F)</translation>
    </message>
    <message>
        <source>Search the settings</source>
        <translation>Einstellungen durchsuchen</translation>
    </message>
    <message>
        <source>See what would change (Ctrl+S)</source>
        <translation>Zeigt, was sich ändern würde (Strg+S)</translation>
    </message>
    <message>
        <source>Some values cannot be. Correct the fields that are marked, then review again.</source>
        <translation>Einige Werte sind nicht möglich. Die markierten Felder berichtigen, dann erneut prüfen.</translation>
    </message>
    <message>
        <source>The file cannot be in force as it stands, so the last good revision is.</source>
        <translation>Die Datei kann so, wie sie ist, nicht gelten; es gilt die letzte gute Revision.</translation>
    </message>
    <message>
        <source>The file could not be put back: {why}.</source>
        <translation>Die Datei konnte nicht zurückgesetzt werden: {why}.</translation>
    </message>
    <message>
        <source>The file could not be read ({why}).</source>
        <translation>Die Datei konnte nicht gelesen werden ({why}).</translation>
    </message>
    <message>
        <source>The file was put back; the broken one is kept as {name}.</source>
        <translation>Die Datei wurde zurückgesetzt; die fehlerhafte bleibt als {name} erhalten.</translation>
    </message>
    <message>
        <source>The file was read; revision {n} is in force.</source>
        <translation>Die Datei wurde gelesen; Revision {n} gilt.</translation>
    </message>
    <message>
        <source>There is no earlier revision that the file said otherwise.</source>
        <translation>Es gibt keine frühere Revision, in der die Datei anders lautete.</translation>
    </message>
    <message>
        <source>Undo…</source>
        <translation>Rückgängig…</translation>
    </message>
    <message>
        <source>Write the revision in force over the file; the broken one is kept beside it</source>
        <translation>Die geltende Revision über die Datei schreiben; die fehlerhafte bleibt daneben erhalten</translation>
    </message>
    <message>
        <source>{edited} edited, not applied yet</source>
        <translation>{edited} bearbeitet, noch nicht angewendet</translation>
    </message>
    <message>
        <source>{edited} edited, {wrong} cannot be</source>
        <translation>{edited} bearbeitet, {wrong} nicht möglich</translation>
    </message>
    <message>
        <source>{found} of {total} options</source>
        <translation>{found} von {total} Optionen</translation>
    </message>
    <message>
        <source>{total} options</source>
        <translation>{total} Optionen</translation>
    </message>
</context>
<context>
    <name>Shell</name>
    <message>
        <source>Something failed: {words}. A crash bundle says what was going on, without secrets.</source>
        <translation>Etwas ist fehlgeschlagen: {words}. Ein Fehlerpaket sagt, was vor sich ging, ohne Geheimnisse.</translation>
    </message>
    <message>
        <source>The window is closed and the engines go on. Quit is in the menu of this icon.</source>
        <translation>Das Fenster ist geschlossen, und die Engines laufen weiter. Beenden steht im Menü dieses Symbols.</translation>
    </message>
    <message>
        <source>Your PAPER session is running. Ctrl+K finds everything.</source>
        <translation>Die PAPER-Sitzung läuft. Strg+K findet alles.</translation>
    </message>
    <message>
        <source>still running</source>
        <translation>läuft weiter</translation>
    </message>
</context>
<context>
    <name>ShortcutsDialog</name>
    <message>
        <source>Close</source>
        <translation>Schließen</translation>
    </message>
    <message>
        <source>Every action has a key; Tab and Shift+Tab go from field to field.</source>
        <translation>Jede Aktion hat eine Taste; Tab und Umschalt+Tab gehen von Feld zu Feld.</translation>
    </message>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>Tastenkürzel</translation>
    </message>
</context>
<context>
    <name>SwitchWords</name>
    <message>
        <source>, next try in {seconds} s</source>
        <translation>, nächster Versuch in {seconds} s</translation>
    </message>
    <message>
        <source>Adopt or cancel them under “Waits for you”.</source>
        <translation>Übernehmen oder stornieren Sie sie unter „Wartet auf Sie“.</translation>
    </message>
    <message>
        <source>Evenkeel goes on trying. In LIVE you would sign in at Kraken and cancel them there.</source>
        <translation>Evenkeel versucht es weiter. In LIVE würden Sie sich bei Kraken anmelden und sie dort stornieren.</translation>
    </message>
    <message>
        <source>Evenkeel goes on trying. To be sure, sign in at Kraken (kraken.com), open the orders page and cancel them there.</source>
        <translation>Evenkeel versucht es weiter. Um sicherzugehen, melden Sie sich bei Kraken (kraken.com) an, öffnen Sie die Seite der Orders und stornieren Sie sie dort.</translation>
    </message>
    <message>
        <source>Kraken</source>
        <translation>Kraken</translation>
    </message>
    <message>
        <source>Not connected yet</source>
        <translation>Noch nicht verbunden</translation>
    </message>
    <message>
        <source>Stopped; 1 order of an earlier life still rests</source>
        <translation>Gestoppt; 1 Order aus einem früheren Leben liegt noch</translation>
    </message>
    <message>
        <source>Stopped; 1 order still rests at {place}</source>
        <translation>Gestoppt; 1 Order liegt noch bei {place}</translation>
    </message>
    <message>
        <source>Stopped; what rests is being read</source>
        <translation>Gestoppt; was liegt, wird gelesen</translation>
    </message>
    <message>
        <source>Stopped; what rests is not known</source>
        <translation>Gestoppt; was liegt, ist nicht bekannt</translation>
    </message>
    <message>
        <source>Stopped; {count} orders of an earlier life still rest</source>
        <translation>Gestoppt; {count} Orders aus einem früheren Leben liegen noch</translation>
    </message>
    <message>
        <source>Stopped; {count} orders still rest at {place}</source>
        <translation>Gestoppt; {count} Orders liegen noch bei {place}</translation>
    </message>
    <message>
        <source>Stopping: 1 order still rests</source>
        <translation>Stoppt: 1 Order liegt noch</translation>
    </message>
    <message>
        <source>Stopping: {count} orders still rest</source>
        <translation>Stoppt: {count} Orders liegen noch</translation>
    </message>
    <message>
        <source>for {time}</source>
        <translation>seit {time}</translation>
    </message>
    <message>
        <source>since {time}. {why}</source>
        <translation>seit {time}. {why}</translation>
    </message>
    <message>
        <source>the paper exchange</source>
        <translation>der Papierbörse</translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>STARTING</source>
        <translation>STARTET</translation>
    </message>
    <message>
        <source>Show Evenkeel</source>
        <translation>Evenkeel zeigen</translation>
    </message>
</context>
<context>
    <name>TypedDialog</name>
    <message>
        <source>Confirmation phrase</source>
        <translation>Bestätigungssatz</translation>
    </message>
</context>
<context>
    <name>Waiting</name>
    <message>
        <source>This waits no more.</source>
        <translation>Das wartet nicht mehr.</translation>
    </message>
    <message>
        <source>Waits for you</source>
        <translation>Wartet auf Sie</translation>
    </message>
    <message>
        <source>since {time}</source>
        <translation>seit {time}</translation>
    </message>
    <message>
        <source>{count} more on the page {page}</source>
        <translation>{count} weitere auf der Seite {page}</translation>
    </message>
    <message>
        <source>{way}…</source>
        <translation>{way}…</translation>
    </message>
</context>
<context>
    <name>Way</name>
    <message>
        <source>Adopt</source>
        <translation>Übernehmen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Stornieren</translation>
    </message>
    <message>
        <source>Give up</source>
        <translation>Aufgeben</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>Weitermachen</translation>
    </message>
    <message>
        <source>Leave it to me</source>
        <translation>Mir überlassen</translation>
    </message>
    <message>
        <source>Release slot</source>
        <translation>Slot freigeben</translation>
    </message>
    <message>
        <source>Take Kraken&apos;s word</source>
        <translation>Kraken glauben</translation>
    </message>
</context>
<context>
    <name>WayDialog</name>
    <message>
        <source>Not now</source>
        <translation>Jetzt nicht</translation>
    </message>
    <message>
        <source>{way} in LIVE</source>
        <translation>{way} in LIVE</translation>
    </message>
    <message>
        <source>{way}?</source>
        <translation>{way}?</translation>
    </message>
</context>
<context>
    <name>WithdrawalDialog</name>
    <message>
        <source>Do not start</source>
        <translation>Nicht starten</translation>
    </message>
    <message>
        <source>Kraken says that the API key in your keyring may move funds off the exchange. Trading needs no such right: whoever gets hold of the key could empty the account. Better stop here, make a key at Kraken with trading rights alone, and save it on the Keys page.</source>
        <translation>Kraken meldet, dass der API-Schlüssel im Schlüsselbund Guthaben von der Börse abziehen darf. Zum Handeln ist dieses Recht nicht nötig: Wer den Schlüssel in die Hand bekommt, könnte das Konto leeren. Besser hier abbrechen, bei Kraken einen Schlüssel nur mit Handelsrechten anlegen und ihn auf der Seite Schlüssel speichern.</translation>
    </message>
    <message>
        <source>This key may withdraw</source>
        <translation>Dieser Schlüssel darf abheben</translation>
    </message>
    <message>
        <source>To use it in this run all the same, type “{phrase}”.</source>
        <translation>Um ihn in diesem Lauf trotzdem zu verwenden, „{phrase}“ eingeben.</translation>
    </message>
    <message>
        <source>Use this key in LIVE</source>
        <translation>Diesen Schlüssel in LIVE verwenden</translation>
    </message>
</context>
<context>
    <name>Wizard</name>
    <message>
        <source>Back</source>
        <translation>Zurück</translation>
    </message>
    <message>
        <source>Ctrl+K finds everything. F12 stops everything.</source>
        <translation>Strg+K findet alles. F12 stoppt alles.</translation>
    </message>
    <message>
        <source>Finish</source>
        <translation>Fertigstellen</translation>
    </message>
    <message>
        <source>First steps</source>
        <translation>Erste Schritte</translation>
    </message>
    <message>
        <source>LIVE asks you at every start before anything real is done.</source>
        <translation>LIVE fragt bei jedem Start nach, bevor etwas Echtes geschieht.</translation>
    </message>
    <message>
        <source>Next</source>
        <translation>Weiter</translation>
    </message>
    <message>
        <source>No option is changed from what is in force.</source>
        <translation>Keine Option ist gegenüber dem Geltenden geändert.</translation>
    </message>
    <message>
        <source>PAPER now and at each start.</source>
        <translation>PAPER jetzt und bei jedem Start.</translation>
    </message>
    <message>
        <source>PAPER now; {mode} from the next start on.</source>
        <translation>PAPER jetzt; {mode} ab dem nächsten Start.</translation>
    </message>
    <message>
        <source>Skip the first steps</source>
        <translation>Erste Schritte überspringen</translation>
    </message>
    <message>
        <source>Some values cannot be. Correct the fields that are marked.</source>
        <translation>Einige Werte sind nicht möglich. Die markierten Felder berichtigen.</translation>
    </message>
    <message>
        <source>Step {number} of {count}: {title}. {text}</source>
        <translation>Schritt {number} von {count}: {title}. {text}</translation>
    </message>
    <message>
        <source>That failed ({what}).</source>
        <translation>Das ist fehlgeschlagen ({what}).</translation>
    </message>
    <message>
        <source>The configuration changed in the meantime. Finish again.</source>
        <translation>Die Konfiguration hat sich inzwischen geändert. Erneut fertigstellen.</translation>
    </message>
    <message>
        <source>The file could not be written ({why}). Free the disk, then finish again.</source>
        <translation>Die Datei konnte nicht geschrieben werden ({why}). Speicherplatz freigeben, dann erneut fertigstellen.</translation>
    </message>
</context>
<context>
    <name>Word</name>
    <message>
        <source>A request alone</source>
        <translation>Einzelne Anfrage</translation>
    </message>
    <message>
        <source>Account</source>
        <translation>Konto</translation>
    </message>
    <message>
        <source>Acting</source>
        <translation>Greift ein</translation>
    </message>
    <message>
        <source>Always</source>
        <translation>Immer</translation>
    </message>
    <message>
        <source>Ask me</source>
        <translation>Mich fragen</translation>
    </message>
    <message>
        <source>AuditHub</source>
        <translation>Konten prüfen</translation>
    </message>
    <message>
        <source>Blocked</source>
        <translation>Blockiert</translation>
    </message>
    <message>
        <source>Bootstrap</source>
        <translation>Erstbestückung</translation>
    </message>
    <message>
        <source>Buy</source>
        <translation>Kauf</translation>
    </message>
    <message>
        <source>Buy DOGE</source>
        <translation>DOGE kaufen</translation>
    </message>
    <message>
        <source>Calm</source>
        <translation>Ausgeglichen</translation>
    </message>
    <message>
        <source>Cancelling</source>
        <translation>Wird storniert</translation>
    </message>
    <message>
        <source>Cancels only</source>
        <translation>Nur Stornos</translation>
    </message>
    <message>
        <source>Capacity</source>
        <translation>Kapazität</translation>
    </message>
    <message>
        <source>Carried out</source>
        <translation>Ausgeführt</translation>
    </message>
    <message>
        <source>Caution</source>
        <translation>Vorsicht</translation>
    </message>
    <message>
        <source>Changes access</source>
        <translation>Ändert Zugriff</translation>
    </message>
    <message>
        <source>Changes order sizes</source>
        <translation>Ändert Ordergrößen</translation>
    </message>
    <message>
        <source>Changes timing</source>
        <translation>Ändert Zeitverhalten</translation>
    </message>
    <message>
        <source>Closing</source>
        <translation>Wird geschlossen</translation>
    </message>
    <message>
        <source>CoinGecko</source>
        <translation>CoinGecko</translation>
    </message>
    <message>
        <source>ConfirmPlan</source>
        <translation>Plan bestätigen</translation>
    </message>
    <message>
        <source>Connecting</source>
        <translation>Verbindet</translation>
    </message>
    <message>
        <source>Cooldown</source>
        <translation>Ruhezeit</translation>
    </message>
    <message>
        <source>Cooling</source>
        <translation>Ruht</translation>
    </message>
    <message>
        <source>Cycle</source>
        <translation>Zyklus</translation>
    </message>
    <message>
        <source>Damped</source>
        <translation>Gedämpft</translation>
    </message>
    <message>
        <source>Declined</source>
        <translation>Abgelehnt</translation>
    </message>
    <message>
        <source>Deposit</source>
        <translation>Einzahlung</translation>
    </message>
    <message>
        <source>DismissPlan</source>
        <translation>Plan verwerfen</translation>
    </message>
    <message>
        <source>Display only</source>
        <translation>Nur Anzeige</translation>
    </message>
    <message>
        <source>Drift</source>
        <translation>Drift</translation>
    </message>
    <message>
        <source>Earning</source>
        <translation>Angelegt</translation>
    </message>
    <message>
        <source>Elsewhere</source>
        <translation>Anderswo</translation>
    </message>
    <message>
        <source>EndStanding</source>
        <translation>Delegation aufheben</translation>
    </message>
    <message>
        <source>Entry</source>
        <translation>Einstieg</translation>
    </message>
    <message>
        <source>Exit</source>
        <translation>Ausstieg</translation>
    </message>
    <message>
        <source>Expired</source>
        <translation>Abgelaufen</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>Fehlgeschlagen</translation>
    </message>
    <message>
        <source>Fee</source>
        <translation>Gebühr</translation>
    </message>
    <message>
        <source>Fee on transfer</source>
        <translation>Gebühr auf Transfers</translation>
    </message>
    <message>
        <source>Funds</source>
        <translation>Guthaben</translation>
    </message>
    <message>
        <source>Give it back</source>
        <translation>Zurückgeben</translation>
    </message>
    <message>
        <source>Governor</source>
        <translation>Governor</translation>
    </message>
    <message>
        <source>GrantStanding</source>
        <translation>Delegation erteilen</translation>
    </message>
    <message>
        <source>Grid</source>
        <translation>Grid</translation>
    </message>
    <message>
        <source>Halted</source>
        <translation>Angehalten</translation>
    </message>
    <message>
        <source>Healthy</source>
        <translation>In Ordnung</translation>
    </message>
    <message>
        <source>Held</source>
        <translation>Zurückgehalten</translation>
    </message>
    <message>
        <source>High drift</source>
        <translation>Hohe Abweichung</translation>
    </message>
    <message>
        <source>High gas cost</source>
        <translation>Hohe Gaskosten</translation>
    </message>
    <message>
        <source>Highest fee</source>
        <translation>Höchste Gebühr</translation>
    </message>
    <message>
        <source>Hub</source>
        <translation>Hub</translation>
    </message>
    <message>
        <source>Keep it</source>
        <translation>Einbehalten</translation>
    </message>
    <message>
        <source>Largest amount</source>
        <translation>Größter Betrag</translation>
    </message>
    <message>
        <source>Left out</source>
        <translation>Ausgelassen</translation>
    </message>
    <message>
        <source>Limit</source>
        <translation>Grenze</translation>
    </message>
    <message>
        <source>Limit orders only</source>
        <translation>Nur Limit-Orders</translation>
    </message>
    <message>
        <source>Live</source>
        <translation>Live</translation>
    </message>
    <message>
        <source>Maintenance</source>
        <translation>Wartung</translation>
    </message>
    <message>
        <source>Make it ours</source>
        <translation>Zu unserem machen</translation>
    </message>
    <message>
        <source>Market</source>
        <translation>Markt</translation>
    </message>
    <message>
        <source>Minimum</source>
        <translation>Minimum</translation>
    </message>
    <message>
        <source>Moving</source>
        <translation>Wird verschoben</translation>
    </message>
    <message>
        <source>Neutral</source>
        <translation>Neutral</translation>
    </message>
    <message>
        <source>Never sent</source>
        <translation>Nie gesendet</translation>
    </message>
    <message>
        <source>No pool</source>
        <translation>Kein Pool</translation>
    </message>
    <message>
        <source>No risk</source>
        <translation>Kein Risiko</translation>
    </message>
    <message>
        <source>Normal</source>
        <translation>Normal</translation>
    </message>
    <message>
        <source>Observe</source>
        <translation>Observe</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>Off</translation>
    </message>
    <message>
        <source>Off its peg</source>
        <translation>Peg verloren</translation>
    </message>
    <message>
        <source>Oldest</source>
        <translation>Älteste</translation>
    </message>
    <message>
        <source>On its way</source>
        <translation>Unterwegs</translation>
    </message>
    <message>
        <source>Online</source>
        <translation>Online</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>Offen</translation>
    </message>
    <message>
        <source>Orphan</source>
        <translation>Verwaisung</translation>
    </message>
    <message>
        <source>Paper</source>
        <translation>Paper</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>Pause</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>Pausiert</translation>
    </message>
    <message>
        <source>Post-only</source>
        <translation>Nur Post-only</translation>
    </message>
    <message>
        <source>Price age</source>
        <translation>Preisalter</translation>
    </message>
    <message>
        <source>Pull</source>
        <translation>Pull</translation>
    </message>
    <message>
        <source>Push</source>
        <translation>Push</translation>
    </message>
    <message>
        <source>QuoteRebalance</source>
        <translation>Rebalancing quotieren</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>Bereit</translation>
    </message>
    <message>
        <source>Rebalance failed</source>
        <translation>Rebalancing fehlgeschlagen</translation>
    </message>
    <message>
        <source>Reconciling</source>
        <translation>Gleicht ab</translation>
    </message>
    <message>
        <source>Recovery</source>
        <translation>Recovery</translation>
    </message>
    <message>
        <source>Reducing orders only</source>
        <translation>Nur verringernde Orders</translation>
    </message>
    <message>
        <source>Refresh</source>
        <translation>Auffrischung</translation>
    </message>
    <message>
        <source>Refused</source>
        <translation>Abgelehnt</translation>
    </message>
    <message>
        <source>Repair</source>
        <translation>Reparatur</translation>
    </message>
    <message>
        <source>Replaced</source>
        <translation>Ersetzt</translation>
    </message>
    <message>
        <source>Reseed</source>
        <translation>Neubestückung</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>Fortsetzen</translation>
    </message>
    <message>
        <source>ResumeHub</source>
        <translation>Hub fortsetzen</translation>
    </message>
    <message>
        <source>RevokePlan</source>
        <translation>Plan widerrufen</translation>
    </message>
    <message>
        <source>Running</source>
        <translation>Läuft</translation>
    </message>
    <message>
        <source>Sell</source>
        <translation>Verkauf</translation>
    </message>
    <message>
        <source>Sell DOGE</source>
        <translation>DOGE verkaufen</translation>
    </message>
    <message>
        <source>Sent</source>
        <translation>Gesendet</translation>
    </message>
    <message>
        <source>Settled</source>
        <translation>Abgewickelt</translation>
    </message>
    <message>
        <source>Share of a full batch</source>
        <translation>Anteil an einem vollen Batch</translation>
    </message>
    <message>
        <source>ShowPortfolio</source>
        <translation>Portfolio zeigen</translation>
    </message>
    <message>
        <source>Signed</source>
        <translation>Unterschrieben</translation>
    </message>
    <message>
        <source>Skip it</source>
        <translation>Überspringen</translation>
    </message>
    <message>
        <source>Slice it</source>
        <translation>Aufteilen</translation>
    </message>
    <message>
        <source>Slot waits</source>
        <translation>Slot wartet</translation>
    </message>
    <message>
        <source>Spot</source>
        <translation>Spot</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>Stopp</translation>
    </message>
    <message>
        <source>StopHub</source>
        <translation>Hub stoppen</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>Gestoppt</translation>
    </message>
    <message>
        <source>Success</source>
        <translation>Erfolg</translation>
    </message>
    <message>
        <source>Taken back</source>
        <translation>Zurückgezogen</translation>
    </message>
    <message>
        <source>Trade</source>
        <translation>Trade</translation>
    </message>
    <message>
        <source>Transfer</source>
        <translation>Übertrag</translation>
    </message>
    <message>
        <source>Under way</source>
        <translation>Unterwegs</translation>
    </message>
    <message>
        <source>Unknown</source>
        <translation>Unbekannt</translation>
    </message>
    <message>
        <source>Waits for signature</source>
        <translation>Wartet auf Signatur</translation>
    </message>
    <message>
        <source>Waits for you</source>
        <translation>Zu bestätigen</translation>
    </message>
    <message>
        <source>Withdrawal</source>
        <translation>Auszahlung</translation>
    </message>
    <message>
        <source>a trade of an order that was over</source>
        <translation>ein Trade einer Order, die vorbei war</translation>
    </message>
    <message>
        <source>somebody else made the order larger</source>
        <translation>jemand anders hat die Order vergrößert</translation>
    </message>
    <message>
        <source>the panel</source>
        <translation>Panel</translation>
    </message>
    <message>
        <source>the pools</source>
        <translation>Pools</translation>
    </message>
    <message>
        <source>the second source</source>
        <translation>Zweite Quelle</translation>
    </message>
    <message>
        <source>the terminal</source>
        <translation>Terminal</translation>
    </message>
</context>
<context>
    <name>_Check</name>
    <message>
        <source>Off</source>
        <translation>Aus</translation>
    </message>
    <message>
        <source>On</source>
        <translation>An</translation>
    </message>
</context>
<context>
    <name>_Choice</name>
    <message>
        <source>not set</source>
        <translation>nicht gesetzt</translation>
    </message>
</context>
<context>
    <name>_Text</name>
    <message>
        <source>not set</source>
        <translation>nicht gesetzt</translation>
    </message>
</context>
</TS>
