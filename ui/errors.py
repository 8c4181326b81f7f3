"""Calm sentences for every code the core can raise: what happened, what is safe, what to do.

Texts are chosen by code, never by the text of an exception.
"""

from __future__ import annotations

import logging

from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication

log = logging.getLogger(__name__)

_SENTENCES: dict[str, object] = {
    # --- opening the store ---
    "wrong_secret": QT_TRANSLATE_NOOP(
        "errors", "Passfrasen stemmer ikke. Ingenting er endret. Prøv en gang til."
    ),
    "locked_out": QT_TRANSLATE_NOOP(
        "errors", "For mange forsøk på rad. Alt er trygt lagret. Vent litt før du prøver igjen."
    ),
    "wrong_pin": QT_TRANSLATE_NOOP(
        "errors", "PIN-koden stemmer ikke. Ingenting er endret eller slettet. Prøv en gang til."
    ),
    "pin_gone": QT_TRANSLATE_NOOP(
        "errors",
        "PIN-koden gjelder ikke lenger. Ingenting er slettet. Lås opp med passfrasen.",
    ),
    "pin_weak": QT_TRANSLATE_NOOP(
        "errors",
        "En PIN-kode har 6 til 12 siffer, minst tre ulike, og ikke en rekke som 123456 eller "
        "noe som gjentas, som 123123. Velg en annen. Ingenting er endret.",
    ),
    "driver_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Programdelen som krypterer, mangler på denne maskinen, så lageret åpnes ikke. "
        "Ingenting er endret. Be brukerstøtte installere programmet på nytt.",
    ),
    "keyring_unavailable": QT_TRANSLATE_NOOP(
        "errors",
        "Maskinens nøkkelring svarer ikke, og uten den kan lageret ikke åpnes. Ingenting er "
        "slettet. Logg ut av maskinen og inn igjen. Hjelper det ikke, kontakt brukerstøtte.",
    ),
    "keyring_locked": QT_TRANSLATE_NOOP(
        "errors",
        "Maskinens nøkkelring er låst. Ingenting er slettet. Lås opp nøkkelringen og prøv igjen.",
    ),
    "device_secret_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Nøkkelen til denne maskinen er borte fra nøkkelringen. Lageret er urørt, og ingenting er "
        "slettet. Det åpnes med gjenopprettingsnøkkelen på papir: velg «Få hjelp».",
    ),
    "keyfile_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Nøkkelfilen mangler, så lageret kan ikke åpnes. Ingenting er slettet eller laget på "
        "nytt. Kontakt brukerstøtte, som kan hente filen fra sikkerhetskopi.",
    ),
    "keyfile_damaged": QT_TRANSLATE_NOOP(
        "errors",
        "Nøkkelfilen er skadet, så lageret kan ikke åpnes. Ingenting er slettet eller laget på "
        "nytt. Kontakt brukerstøtte, som kan hente filen fra sikkerhetskopi.",
    ),
    "keyfile_other_store": QT_TRANSLATE_NOOP(
        "errors",
        "Nøkkelfilen hører til en annen journal. Ingenting er endret eller slettet. Velg filen fra "
        "sikkerhetskopien av denne mappen.",
    ),
    "keyfile_too_new": QT_TRANSLATE_NOOP(
        "errors",
        "Nøkkelfilen er skrevet av en nyere utgave av programmet. Ingenting er endret. "
        "Oppdater programmet på denne maskinen.",
    ),
    "slot_too_weak": QT_TRANSLATE_NOOP(
        "errors",
        "Passfrasen er lagret med svakere vern enn virksomheten krever, og blir ikke prøvd. "
        "Ingenting er slettet. Åpne med gjenopprettingsnøkkelen og velg en ny passfrase.",
    ),
    "escrow_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Virksomheten hadde ingen nødnøkkel da denne journalen sist ble åpnet, så den kan ikke "
        "åpnes derfra. Ingenting er slettet. Bruk gjenopprettingsnøkkelen på papir.",
    ),
    "escrow_not_asked": QT_TRANSLATE_NOOP(
        "errors",
        "Denne maskinen venter ikke på noe svar. Ingenting er endret. Lagre en ny forespørsel, og "
        "be om et nytt svar på den.",
    ),
    "escrow_key_malformed": QT_TRANSLATE_NOOP(
        "errors",
        "Virksomhetens nødnøkkel fra serveren kan ikke brukes. Ingenting er endret. "
        "Si fra til administratoren.",
    ),
    "escrow_file": QT_TRANSLATE_NOOP(
        "errors",
        "Dette er ikke svarfilen, eller den er endret underveis. Ingenting er endret. "
        "Velg filen du fikk som svar på forespørselen.",
    ),
    "escrow_other_store": QT_TRANSLATE_NOOP(
        "errors",
        "Svaret gjelder en annen journal enn denne. Ingenting er endret. Velg svaret som hører til "
        "forespørselen fra denne maskinen.",
    ),
    "escrow_other_request": QT_TRANSLATE_NOOP(
        "errors",
        "Svaret hører til en annen forespørsel. Ingenting er endret. Bare svaret på den nyeste "
        "forespørselen virker.",
    ),
    "escrow_answer_damaged": QT_TRANSLATE_NOOP(
        "errors",
        "Svarfilen er skadet underveis. Ingenting er endret. Hent filen en gang til.",
    ),
    "escrow_other_key": QT_TRANSLATE_NOOP(
        "errors",
        "Forespørselen er laget for en annen nødnøkkel enn papirene. Ingenting er endret.",
    ),
    "share_malformed": QT_TRANSLATE_NOOP(
        "errors", "Det er en skrivefeil i det som ble skrevet fra papiret. Ingenting er endret."
    ),
    "share_other_key": QT_TRANSLATE_NOOP(
        "errors", "Papirene hører til to forskjellige nødnøkler. Ingenting er endret."
    ),
    "shares_do_not_match": QT_TRANSLATE_NOOP(
        "errors", "Delene på de to papirene hører ikke sammen. Ingenting er endret."
    ),
    "recovery_key_malformed": QT_TRANSLATE_NOOP(
        "errors",
        "Gjenopprettingsnøkkelen mangler tegn eller har for mange. Ingenting er endret. "
        "Se på arket og skriv den en gang til.",
    ),
    "passphrase_too_short": QT_TRANSLATE_NOOP(
        "errors",
        "Passfrasen er for kort. Ingenting er endret. Bruk minst tolv tegn eller fire ord.",
    ),
    "store_unfinished": QT_TRANSLATE_NOOP(
        "errors",
        "Oppsettet av lageret ble avbrutt før det var tatt i bruk. Ingen pasientdata er borte. "
        "Sett opp maskinen på nytt.",
    ),
    "db_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Lageret mangler eller er tomt. Det lages ikke et nytt over det gamle. "
        "Kontakt brukerstøtte før du gjør noe mer på denne maskinen.",
    ),
    "db_damaged": QT_TRANSLATE_NOOP(
        "errors",
        "Lageret er skadet på disken. Filen er latt urørt, og ingenting er slettet. "
        "Velg «Få hjelp» på låsesiden for å redde det som kan leses.",
    ),
    "db_plaintext": QT_TRANSLATE_NOOP(
        "errors",
        "Lageret er ikke kryptert, og åpnes derfor ikke. Filen er latt urørt. "
        "Meld dette som et avvik og kontakt brukerstøtte med en gang.",
    ),
    "already_open": QT_TRANSLATE_NOOP(
        "errors",
        "Programmet er allerede åpent i et annet vindu. Ingenting er endret. "
        "Bruk det vinduet, eller lukk det og prøv igjen.",
    ),
    "store_too_new": QT_TRANSLATE_NOOP(
        "errors",
        "Lageret er skrevet av en nyere utgave av programmet. Ingenting er endret. "
        "Oppdater programmet på denne maskinen.",
    ),
    "store_exists": QT_TRANSLATE_NOOP(
        "errors",
        "Det finnes allerede et lager for denne brukeren her. Det er latt urørt. "
        "Lås det opp i stedet.",
    ),
    "lease_ended": QT_TRANSLATE_NOOP(
        "errors",
        "Dette er lukket fordi laptopen ikke har vært logget inn på serveren på lenge. Ingenting "
        "er slettet, og du kan fortsatt føre. Logg inn for å åpne igjen.",
    ),
    "order_not_genuine": QT_TRANSLATE_NOOP(
        "errors",
        "Ordren til denne laptopen er ikke signert av organisasjonen. Ingenting er slettet eller "
        "endret. Si fra til kontoret.",
    ),
    "courier_no_order": QT_TRANSLATE_NOOP(
        "errors",
        "Serveren har ingen ordre til denne laptopen. Ingenting er slettet. Synk som vanlig.",
    ),
    "send_only": QT_TRANSLATE_NOOP(
        "errors",
        "Lageret er bare åpnet for å sende det som er usendt, og ingenting av det kan vises. "
        "Ingenting er slettet. Eieren låser det opp med sin egen passfrase.",
    ),
    "not_enrolled": QT_TRANSLATE_NOOP(
        "errors",
        "Maskinen er ikke knyttet til en server ennå. Ingenting er endret. "
        "Be administratoren om en engangskode og sett opp maskinen.",
    ),
    # --- writing to the store ---
    "disk_full": QT_TRANSLATE_NOOP(
        "errors",
        "Disken er full, så det siste ble ikke lagret. Alt som var lagret før, er trygt. "
        "Frigjør plass på disken og prøv igjen.",
    ),
    "read_only": QT_TRANSLATE_NOOP(
        "errors",
        "Programmet får ikke skrive i mappen sin, så det siste ble ikke lagret. Alt som var "
        "lagret før, er trygt. Kontakt brukerstøtte.",
    ),
    "store_busy": QT_TRANSLATE_NOOP(
        "errors",
        "Lageret var opptatt, så det siste ble ikke lagret. Ingenting er borte. "
        "Prøv igjen om et øyeblikk.",
    ),
    "store_input_output": QT_TRANSLATE_NOOP(
        "errors",
        "Disken meldte feil, så det siste ble ikke lagret. Alt som var lagret før, er latt "
        "urørt. Prøv igjen. Kommer det tilbake, kontakt brukerstøtte.",
    ),
    # --- sync ---
    "sync": QT_TRANSLATE_NOOP(
        "errors", "Synk ble avbrutt. Det du har skrevet, er trygt lagret her. Prøv igjen."
    ),
    "offline": QT_TRANSLATE_NOOP(
        "errors",
        "Ingen dekning. Alt er trygt lagret her og sendes når dekningen er tilbake.",
    ),
    "name_lookup": QT_TRANSLATE_NOOP(
        "errors",
        "Finner ikke serveren på dette nettet. Alt er trygt lagret her. "
        "Koble til et annet nett, så sendes det av seg selv.",
    ),
    "connection_refused": QT_TRANSLATE_NOOP(
        "errors",
        "Serveren tar ikke imot nå. Alt er trygt lagret her, og programmet prøver igjen selv.",
    ),
    "line_broken": QT_TRANSLATE_NOOP(
        "errors",
        "Forbindelsen ble brutt midt i. Ingenting er borte, og det som mangler, sendes neste gang.",
    ),
    "timeout": QT_TRANSLATE_NOOP(
        "errors",
        "Serveren svarte ikke i tide. Alt er trygt lagret her, og programmet prøver igjen selv.",
    ),
    "connect_timeout": QT_TRANSLATE_NOOP(
        "errors",
        "Fikk ikke kontakt med serveren i tide. Alt er trygt lagret her, og programmet prøver "
        "igjen selv.",
    ),
    "not_our_server": QT_TRANSLATE_NOOP(
        "errors",
        "Noe annet enn serveren vår svarte, så ingenting ble sendt. Alt er trygt lagret her. "
        "Bytt nett og prøv igjen.",
    ),
    "captive_portal": QT_TRANSLATE_NOOP(
        "errors",
        "Dette nettet vil at du logger inn på en nettside først. Ingenting ble sendt, og alt er "
        "trygt lagret her. Logg inn på nettet og prøv igjen.",
    ),
    "proxy_refused": QT_TRANSLATE_NOOP(
        "errors",
        "Nettet her stenger for serveren. Ingenting ble sendt, og alt er trygt lagret her. "
        "Bytt nett, eller kontakt brukerstøtte.",
    ),
    "intercepted": QT_TRANSLATE_NOOP(
        "errors",
        "Noen på dette nettet utgir seg for å være serveren. Ingenting ble sendt, og alt er trygt "
        "lagret her. Bytt nett og meld fra til brukerstøtte.",
    ),
    "token_expired": QT_TRANSLATE_NOOP(
        "errors",
        "Innloggingen mot serveren kunne ikke fornyes akkurat nå. Alt er trygt lagret her. Prøv "
        "igjen; hjelper det ikke, logg inn på synksiden.",
    ),
    "proof_time": QT_TRANSLATE_NOOP(
        "errors",
        "Klokken på denne maskinen går for feil til at serveren godtar den. Ingenting er slettet. "
        "Still klokken riktig og prøv igjen.",
    ),
    "proof_refused": QT_TRANSLATE_NOOP(
        "errors",
        "Serveren godtok ikke nøkkelen til denne maskinen. Ingenting er slettet, og du kan arbeide "
        "videre. Logg inn på synksiden; hjelper det ikke, ring kontoret.",
    ),
    "too_many_tries": QT_TRANSLATE_NOOP(
        "errors",
        "Det har vært for mange forsøk på kort tid. Ingenting er slettet. Vent et kvarter og prøv "
        "igjen.",
    ),
    "login_expired": QT_TRANSLATE_NOOP(
        "errors",
        "Innloggingen mot serveren er utløpt. Du kan arbeide videre, og alt er trygt lagret her. "
        "Logg inn på synksiden for å sende.",
    ),
    "wrong_password": QT_TRANSLATE_NOOP(
        "errors",
        "Brukernavn eller passord stemmer ikke. Ingenting er endret. Prøv en gang til.",
    ),
    "revoked": QT_TRANSLATE_NOOP(
        "errors",
        "Denne maskinen eller brukeren er stengt for synk. Det som ikke er sendt, er trygt lagret "
        "her. Kontakt lederen din.",
    ),
    "enrol_code": QT_TRANSLATE_NOOP(
        "errors",
        "Engangskoden er feil, brukt eller for gammel. Ingenting er endret. "
        "Be administratoren om en ny kode.",
    ),
    "enrol_code_pin": QT_TRANSLATE_NOOP(
        "errors",
        "Koden mangler den andre delen, etter punktumet. Den viser hvilken server som er den "
        "riktige. Ingenting er sendt. Skriv hele koden, eller be administratoren om en ny.",
    ),
    "not_allowed": QT_TRANSLATE_NOOP(
        "errors",
        "Rollen din gir ikke adgang til dette. Ingenting er endret. Kontakt lederen din.",
    ),
    "bad_request": QT_TRANSLATE_NOOP(
        "errors",
        "Slik kan det ikke gjøres. Ingenting er endret. Rett opplysningene og prøv igjen.",
    ),
    "server_trouble": QT_TRANSLATE_NOOP(
        "errors",
        "Serveren har problemer akkurat nå. Alt er trygt lagret her, og programmet prøver igjen "
        "selv.",
    ),
    "server_full": QT_TRANSLATE_NOOP(
        "errors",
        "Serveren har ikke plass til mer akkurat nå, så ingenting nytt er lagret der. Alt er trygt "
        "lagret her og sendes når det er ryddet plass. Meld fra til brukerstøtte.",
    ),
    "still_different": QT_TRANSLATE_NOOP(
        "errors",
        "Maskinen og serveren er ikke helt like ennå. Ingenting er borte, og programmet prøver "
        "igjen ved neste synk. Kommer det tilbake, kontakt brukerstøtte.",
    ),
    "too_large": QT_TRANSLATE_NOOP(
        "errors",
        "Sendingen var for stor for nettet her. Ingenting er borte. Programmet deler den opp og "
        "prøver igjen.",
    ),
    "protocol": QT_TRANSLATE_NOOP(
        "errors",
        "Programmet og serveren forstod ikke hverandre. Alt er trygt lagret her. "
        "Kontakt brukerstøtte.",
    ),
    "insecure_address": QT_TRANSLATE_NOOP(
        "errors",
        "Adressen begynner med http, så linjen ville ikke vært kryptert. Ingenting er sendt. "
        "Bruk adressen som begynner med https.",
    ),
    "upgrade_needed": QT_TRANSLATE_NOOP(
        "errors",
        "Programmet er for gammelt for serveren. Alt er trygt lagret her. "
        "Oppdater programmet, så sendes det.",
    ),
    # --- visits ---
    "end_missing": QT_TRANSLATE_NOOP(
        "errors", "Besøket mangler sluttid. Ingenting er borte. Fyll inn når det ble avsluttet."
    ),
    "end_before_start": QT_TRANSLATE_NOOP(
        "errors", "Besøket slutter før det begynner. Ingenting er borte. Rett tidene."
    ),
    "participants_missing": QT_TRANSLATE_NOOP(
        "errors", "Besøket har ingen deltakere. Ingenting er borte. Velg minst én."
    ),
    "travel_negative": QT_TRANSLATE_NOOP(
        "errors", "Reisetiden kan ikke være mindre enn null. Ingenting er borte. Rett tallet."
    ),
    # --- notes ---
    "empty": QT_TRANSLATE_NOOP(
        "errors", "Notatet er tomt og kan ikke signeres. Utkastet ligger trygt. Skriv først."
    ),
    "draft_gone": QT_TRANSLATE_NOOP(
        "errors",
        "Dette er allerede signert, fullført eller forkastet. Ingenting nytt er skrevet. "
        "Åpne pasienten på nytt.",
    ),
    # --- questionnaires ---
    "no_answers": QT_TRANSLATE_NOOP(
        "errors", "Ingen spørsmål er besvart, så det er ikke noe å fullføre. Ingenting er borte."
    ),
    "unknown_item": QT_TRANSLATE_NOOP(
        "errors",
        "Svarene hører til en annen utgave av skjemaet og kan ikke åpnes her. Ingenting er "
        "slettet. Start skjemaet på nytt.",
    ),
    "unknown_value": QT_TRANSLATE_NOOP(
        "errors",
        "Et svar hører til en annen utgave av skjemaet og kan ikke åpnes her. Ingenting er "
        "slettet. Start skjemaet på nytt.",
    ),
    # --- rapid tests ---
    "reason_unknown": QT_TRANSLATE_NOOP(
        "errors", "Årsaken finnes ikke lenger i listen. Ingenting er skrevet. Velg en annen."
    ),
    "reason_text_missing": QT_TRANSLATE_NOOP(
        "errors", "Årsaken trenger egne ord. Ingenting er skrevet. Skriv hvorfor testen tas."
    ),
    "readings_missing": QT_TRANSLATE_NOOP(
        "errors", "Ingen linje er avlest. Ingenting er skrevet. Les av minst én linje."
    ),
    "panel_mismatch": QT_TRANSLATE_NOOP(
        "errors", "Testen finnes ikke lenger i listen. Ingenting er skrevet. Velg test på nytt."
    ),
    "specimen_mismatch": QT_TRANSLATE_NOOP(
        "errors", "Prøven passer ikke til testen. Ingenting er skrevet. Velg test på nytt."
    ),
    # --- handouts ---
    "slot_already_given": QT_TRANSLATE_NOOP(
        "errors",
        "Denne dosen er allerede gitt. Ikke gi den en gang til. Ingenting nytt er skrevet. "
        "Er noe ført feil, før det som feilført først.",
    ),
    "dose_missing": QT_TRANSLATE_NOOP(
        "errors", "Dosen mangler. Ingenting er skrevet. Fyll inn hvor mange milligram som ble gitt."
    ),
    "dose_not_positive": QT_TRANSLATE_NOOP(
        "errors", "Dosen stemmer ikke med det som er valgt. Ingenting er skrevet. Rett dosen."
    ),
    "dose_on_not_given": QT_TRANSLATE_NOOP(
        "errors", "En dose som ikke ble gitt, kan ikke ha mengde. Ingenting er skrevet."
    ),
    "identity_missing": QT_TRANSLATE_NOOP(
        "errors", "Identiteten er ikke sjekket. Ingenting er skrevet. Velg hvordan den ble sjekket."
    ),
    "state_missing": QT_TRANSLATE_NOOP(
        "errors", "Tilstanden er ikke vurdert. Ingenting er skrevet. Velg hva du så."
    ),
    "reason_missing": QT_TRANSLATE_NOOP(
        "errors", "Årsaken mangler. Ingenting er skrevet. Velg eller skriv en årsak."
    ),
    "not_planned": QT_TRANSLATE_NOOP(
        "errors",
        "Denne dosen er ikke planlagt i dag. Ingenting er skrevet. Se forordningen, eller ring "
        "legen.",
    ),
    "order_changed": QT_TRANSLATE_NOOP(
        "errors",
        "Forordningen ble endret mens skjemaet var åpent. Ingenting er skrevet. Se på dosen på "
        "nytt før du gir den.",
    ),
    "day_has_passed": QT_TRANSLATE_NOOP(
        "errors",
        "Denne dosen hørte til en dag som er over. Ingenting er skrevet. Se listen for i dag.",
    ),
    "request_stopped": QT_TRANSLATE_NOOP(
        "errors", "Forordningen er stanset. Ikke gi dosen. Ingenting er skrevet. Ring legen."
    ),
    "given_in_future": QT_TRANSLATE_NOOP(
        "errors", "Tidspunktet er frem i tid. Ingenting er skrevet. Rett klokkeslettet."
    ),
    "nothing_to_reverse": QT_TRANSLATE_NOOP(
        "errors", "Det finnes ingen utlevering å føre tilbake. Ingenting er endret."
    ),
    "already_reversed": QT_TRANSLATE_NOOP(
        "errors", "Denne utleveringen er allerede ført som feil. Ingenting er endret."
    ),
    "not_own_handout": QT_TRANSLATE_NOOP(
        "errors",
        "Bare den som førte utleveringen, kan ta den tilbake. Ingenting er endret. Ring kollegaen "
        "din.",
    ),
    # --- the narcotics register ---
    "product_missing": QT_TRANSLATE_NOOP(
        "errors", "Velg hvilket preparat det gjelder. Ingenting er lagret ennå."
    ),
    "strength_missing": QT_TRANSLATE_NOOP(
        "errors", "Skriv styrken som på pakningen, for eksempel 5 mg/ml. Ingenting er lagret ennå."
    ),
    "strength_unclear": QT_TRANSLATE_NOOP(
        "errors",
        "Styrken i ordinasjonen sier ikke hvor mange mg det er i hver enhet, så mengden kan ikke "
        "regnes ut. Ingenting er lagret. Be kontoret rette ordinasjonen.",
    ),
    "dose_does_not_divide": QT_TRANSLATE_NOOP(
        "errors",
        "Dosen går ikke opp i styrken: det blir verken hele eller halve tabletter eller en mengde "
        "som kan måles. Ingenting er lagret. Sjekk dosen mot ordinasjonen.",
    ),
    "units_not_the_dose": QT_TRANSLATE_NOOP(
        "errors",
        "Mengden som tas ut, stemmer ikke med dosen. Ingenting er lagret. Sjekk om tallet er mg, "
        "ml eller tabletter.",
    ),
    "amount_not_a_figure": QT_TRANSLATE_NOOP(
        "errors", "Mengden er ikke et tall. Ingenting er lagret. Skriv for eksempel 30 eller 16,5."
    ),
    "amount_not_positive": QT_TRANSLATE_NOOP(
        "errors", "Mengden må være større enn null. Ingenting er lagret."
    ),
    "amount_too_fine": QT_TRANSLATE_NOOP(
        "errors",
        "Mengden kan ikke telles så nøyaktig: hele eller halve tabletter, hundredels ml eller hele "
        "pakninger. Ingenting er lagret.",
    ),
    "amount_too_large": QT_TRANSLATE_NOOP(
        "errors", "Mengden er for stor til å være riktig. Ingenting er lagret. Sjekk tallet."
    ),
    "unit_unknown": QT_TRANSLATE_NOOP(
        "errors", "Velg om det telles i tabletter, ml eller stk. Ingenting er lagret ennå."
    ),
    "unit_differs": QT_TRANSLATE_NOOP(
        "errors",
        "Dette preparatet telles i en annen enhet her fra før. Ingenting er lagret. Bruk samme "
        "enhet, ellers går ikke regnskapet opp.",
    ),
    "place_missing": QT_TRANSLATE_NOOP(
        "errors", "Skriv hvilket skap det gjelder. Ingenting er lagret ennå."
    ),
    "ledger_unknown": QT_TRANSLATE_NOOP(
        "errors", "Velg et skap eller en veske. Ingenting er lagret ennå."
    ),
    "count_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Tell alle preparatene i vesken, også dem det er null igjen av. Ingenting er lagret ennå.",
    ),
    "bag_of_another": QT_TRANSLATE_NOOP(
        "errors",
        "Vesken ble pakket av en annen, eller på en annen maskin. Ingenting er lagret. Del ut fra "
        "din egen veske.",
    ),
    "not_own_line": QT_TRANSLATE_NOOP(
        "errors",
        "Bare den som førte linjen, kan ta den tilbake. Ingenting er endret. Tell, og forklar "
        "differansen i stedet.",
    ),
    "handout_line": QT_TRANSLATE_NOOP(
        "errors",
        "Linjen hører til en utlevering som fortsatt står. Ingenting er endret. Rett utleveringen "
        "først.",
    ),
    "nothing_to_explain": QT_TRANSLATE_NOOP(
        "errors", "Differansen er allerede forklart. Ingenting er endret."
    ),
    "second_person_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Dette må gjøres av en annen enn deg: virksomheten krever to personer. Ingenting er "
        "lagret.",
    ),
    "other_dose_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Svaret om annen dose siste døgn mangler. Ingenting er skrevet. Spør, og velg svaret.",
    ),
    "other_dose_text_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Det mangler hva den andre dosen var. Ingenting er skrevet. Skriv hva, hvor mye og når.",
    ),
    "dose_above_order": QT_TRANSLATE_NOOP(
        "errors",
        "Dosen er større enn ordinasjonen. Ingenting er skrevet. Rett dosen, eller ring "
        "rekvirenten.",
    ),
    "intake_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Det mangler hvor lenge tabletten løste seg opp, eller om munnen ble sjekket. Ingenting"
        " er skrevet. Fyll ut begge.",
    ),
    "dissolve_not_positive": QT_TRANSLATE_NOOP(
        "errors",
        "Tiden til tabletten var løst opp, må være mer enn 0 minutter. Ingenting er skrevet.",
    ),
    "bottles_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Antall flasker eller esker som tas med, mangler. Ingenting er skrevet. Tell dem.",
    ),
    "empties_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Antall tomme som kom tilbake, mangler. Ingenting er skrevet. Skriv 0 for ingen.",
    ),
    "bottles_wrong": QT_TRANSLATE_NOOP(
        "errors",
        "Antall flasker må være minst 1, og tomme minst 0. Ingenting er skrevet. Rett tallene.",
    ),
    "first_dose_not_witnessed": QT_TRANSLATE_NOOP(
        "errors",
        "Den første dosen av flere dager må tas under påsyn. Ingenting er skrevet. Gi bare "
        "dagens dose, eller se inntaket.",
    ),
    "take_home_days_wrong": QT_TRANSLATE_NOOP(
        "errors",
        "Dagene som tas med hjem, stemmer ikke med ordinasjonen. Ingenting er skrevet. Velg "
        "dagene på nytt.",
    ),
    "not_a_take_home_part": QT_TRANSLATE_NOOP(
        "errors",
        "Ordinasjonen sier ikke at denne delen av dagen tas med hjem. Ingenting er skrevet. Gi "
        "den når den skal tas.",
    ),
    "not_a_take_home_day": QT_TRANSLATE_NOOP(
        "errors",
        "En av dagene er ikke en hjemmedose etter ordinasjonen. Ingenting er skrevet. Velg "
        "færre dager.",
    ),
    "too_many_take_home_days": QT_TRANSLATE_NOOP(
        "errors",
        "Det er flere dager enn ordinasjonen tillater. Ingenting er skrevet. Velg færre dager.",
    ),
    "injection_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Opplysningene om injeksjonen mangler. Ingenting er skrevet. Fyll ut sted, LOT og "
        "utløpsdato.",
    ),
    "site_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Injeksjonssted eller side mangler. Ingenting er skrevet. Velg begge.",
    ),
    "lot_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Batchnummeret mangler. Ingenting er skrevet. Les det av pakken.",
    ),
    "lot_expired": QT_TRANSLATE_NOOP(
        "errors",
        "Pakken er gått ut på dato. Ikke gi den. Ingenting er skrevet. Finn en annen pakke.",
    ),
    "observation_wrong": QT_TRANSLATE_NOOP(
        "errors",
        "Observasjonstiden kan ikke være mindre enn 0. Ingenting er skrevet. Rett tallet.",
    ),
    "back_dated": QT_TRANSLATE_NOOP(
        "errors",
        "Tidspunktet er tilbake i tid. Ingenting er skrevet. Bruk «Etterregistrer dose», med "
        "begrunnelse.",
    ),
    "nothing_to_force": QT_TRANSLATE_NOOP(
        "errors",
        "Lyset er grønt nå, så dosen trenger ingen nødutdeling. Ingenting er skrevet. Gi den på"
        " vanlig måte.",
    ),
    "force_not_allowed": QT_TRANSLATE_NOOP(
        "errors",
        "Rollen din kan ikke gjøre nødutdeling. Ingenting er skrevet. Ring teamleder eller "
        "rekvirenten.",
    ),
    "force_reason_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Begrunnelsen for nødutdelingen mangler. Ingenting er skrevet.",
    ),
    "findings_changed": QT_TRANSLATE_NOOP(
        "errors",
        "Noe nytt står i veien siden du åpnet nødutdelingen. Ingenting er skrevet. Les lyset på"
        " nytt.",
    ),
    "prescriber_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Det mangler hvem av rekvirentene som sa det. Ingenting er skrevet. Ring rekvirenten.",
    ),
    "holder_call_missing": QT_TRANSLATE_NOOP(
        "errors",
        "Det mangler om den som har dagen, er ringt. Ingenting er skrevet. Ring, og før svaret.",
    ),
    "witness_is_giver": QT_TRANSLATE_NOOP(
        "errors",
        "Du kan ikke bevitne din egen utdeling. Ingenting er skrevet. Velg en annen person.",
    ),
    "witness_unknown": QT_TRANSLATE_NOOP(
        "errors",
        "Vitnet er ikke kjent her. Ingenting er skrevet. Velg en annen person.",
    ),
    "too_late_to_reverse": QT_TRANSLATE_NOOP(
        "errors",
        "Dette er for sent å ta tilbake her. Ingenting er endret. Send det til teamleder, som "
        "avgjør.",
    ),
    "held_by_other": QT_TRANSLATE_NOOP(
        "errors",
        "En annen har reservert dagen. Ingenting er skrevet. Ring den som har den.",
    ),
    "unknown_day": QT_TRANSLATE_NOOP(
        "errors",
        "Dagen er ukjent: den var reservert på en maskin som er satt tilbake. Ingenting er "
        "skrevet. Ring den som hadde den.",
    ),
    "request_on_hold": QT_TRANSLATE_NOOP(
        "errors",
        "Kontoret har satt ordinasjonen på vent. Ingenting er skrevet. Ring rekvirenten.",
    ),
    "not_served_now": QT_TRANSLATE_NOOP(
        "errors",
        "Dagen som dosen hører til, har ikke begynt eller er over. Ingenting er skrevet.",
    ),
    "outside_window": QT_TRANSLATE_NOOP(
        "errors",
        "Injeksjonen er utenfor vinduet sitt. Ingenting er skrevet. Ring rekvirenten.",
    ),
    "missed_too_long": QT_TRANSLATE_NOOP(
        "errors",
        "Det er for mange dager uten kjent dose. Ingenting er skrevet. Ring rekvirenten.",
    ),
    "interval": QT_TRANSLATE_NOOP(
        "errors",
        "Det er for kort tid siden en annen dose. Ingenting er skrevet. Vent, eller ring "
        "rekvirenten.",
    ),
    "pharmacy_day": QT_TRANSLATE_NOOP(
        "errors",
        "Apoteket gir dosen denne dagen. Ingenting er skrevet. Ring apoteket.",
    ),
    "not_claimed": QT_TRANSLATE_NOOP(
        "errors",
        "Dagen er ikke reservert for deg. Ingenting er skrevet. Reserver den først.",
    ),
    "not_pulled_since_claim": QT_TRANSLATE_NOOP(
        "errors",
        "Listen er ikke hentet siden reservasjonen. Ingenting er skrevet. Synk først.",
    ),
    "pull_too_old": QT_TRANSLATE_NOOP(
        "errors",
        "Listen er for gammel. Ingenting er skrevet. Synk først.",
    ),
    "marked_dose": QT_TRANSLATE_NOOP(
        "errors",
        "En dose er meldt feilført på feil pasient og er ikke avgjort. Ingenting er skrevet. Finn "
        "ut hvem som fikk den, før noe gis.",
    ),
    "possible_duplicate": QT_TRANSLATE_NOOP(
        "errors",
        "Pasienten kan stå to ganger i listen. Ingenting er skrevet. Ring kontoret.",
    ),
    "clock_not_trusted": QT_TRANSLATE_NOOP(
        "errors",
        "Maskinens klokke er ikke til å stole på nå. Ingenting er skrevet. Synk først.",
    ),
    "store_set_back": QT_TRANSLATE_NOOP(
        "errors",
        "Lageret er hentet fra en kopi, og reservasjonene gjelder ikke. Ingenting er skrevet. "
        "Synk først.",
    ),
    "correction_words": QT_TRANSLATE_NOOP(
        "errors",
        "Skriv hvordan du vet at oppføringen står på feil pasient. Ingenting er sperret.",
    ),
    "correction_kind": QT_TRANSLATE_NOOP(
        "errors",
        "Denne kan ikke meldes feilført slik. Ingenting er sperret. Ring kontoret.",
    ),
    "correction_right_patient": QT_TRANSLATE_NOOP(
        "errors",
        "Pasienten du valgte, er ikke på denne maskinen. Ingenting er sperret. Velg en annen, "
        "eller at du ikke vet.",
    ),
    "correction_blocked": QT_TRANSLATE_NOOP(
        "errors",
        "Oppføringen er sperret fordi den er meldt feilført på feil pasient. Ingenting er "
        "slettet. Den journalansvarlige avgjør hva som skjer.",
    ),
    "no_witness_code": QT_TRANSLATE_NOOP(
        "errors",
        "Kollegaen har ingen vitnekode på denne maskinen. Ingenting er skrevet. Velg en annen "
        "måte.",
    ),
    "own_witness": QT_TRANSLATE_NOOP(
        "errors",
        "Du kan ikke være vitne for deg selv. Ingenting er skrevet. Velg en annen person.",
    ),
    "witness_locked_out": QT_TRANSLATE_NOOP(
        "errors",
        "For mange feil koder på rad. Ingenting er skrevet. Vent litt, eller velg en annen måte.",
    ),
    "witness_code_too_simple": QT_TRANSLATE_NOOP(
        "errors",
        "Koden er for kort eller for lett å gjette. Ingenting er endret. Velg en annen.",
    ),
    # --- identity numbers ---
    "not_digits": QT_TRANSLATE_NOOP("errors", "Fødselsnummeret har tegn som ikke er tall."),
    "length": QT_TRANSLATE_NOOP("errors", "Fødselsnummeret har ikke riktig antall siffer."),
    "date": QT_TRANSLATE_NOOP("errors", "Fødselsnummeret begynner ikke med en dato."),
    "future_date": QT_TRANSLATE_NOOP("errors", "Fødselsdatoen er frem i tid."),
    "check_digit": QT_TRANSLATE_NOOP(
        "errors", "Kontrollsifrene stemmer ikke. Se etter skrivefeil."
    ),
    "series_not_allowed": QT_TRANSLATE_NOOP(
        "errors", "Nummeret hører til en serie som ikke brukes her."
    ),
    "not_found": QT_TRANSLATE_NOOP(
        "errors",
        "Dette ligger ikke lenger på denne maskinen, så det ble ikke endret. "
        "Ingenting du har skrevet, er slettet. Åpne pasienten på nytt.",
    ),
    "time_format": QT_TRANSLATE_NOOP(
        "errors", "Klokkeslettet skrives som 08:30. Ingenting er skrevet. Rett klokkeslettet."
    ),
    "import_refused": QT_TRANSLATE_NOOP(
        "errors",
        "Listen har feil, eller pasientene her er endret siden du så på den. Ingenting er hentet "
        "inn. Se over listen på nytt.",
    ),
    "changed_meanwhile": QT_TRANSLATE_NOOP(
        "errors",
        "En kollega har endret det samme mens skjemaet var åpent. Ingenting er skrevet. Se hva som "
        "står der nå, og lagre en gang til hvis ditt skal gjelde.",
    ),
    # --- registering a patient ---
    "name_missing": QT_TRANSLATE_NOOP(
        "errors", "Fornavn og etternavn må fylles ut. Ingenting er skrevet."
    ),
    "born_in_future": QT_TRANSLATE_NOOP(
        "errors", "Fødselsdatoen er frem i tid. Ingenting er skrevet. Rett datoen."
    ),
    "birth_date_differs": QT_TRANSLATE_NOOP(
        "errors", "Fødselsdatoen stemmer ikke med nummeret. Ingenting er skrevet. Rett den ene."
    ),
    "number_taken": QT_TRANSLATE_NOOP(
        "errors",
        "En pasient med dette nummeret finnes allerede. Ingenting er skrevet. Åpne den pasienten.",
    ),
    "alike": QT_TRANSLATE_NOOP(
        "errors",
        "En pasient med samme navn og fødselsdato finnes allerede. Ingenting er skrevet. Registrer "
        "en gang til bare hvis det er en annen person.",
    ),
    # --- paper sheets, and the claims they keep ---
    "claim_pinned": QT_TRANSLATE_NOOP(
        "errors",
        "Døgnet står på et utskrevet papirark, så det ble ikke frigitt. Før arket inn eller "
        "annuller det først.",
    ),
    "sheet_nothing_to_print": QT_TRANSLATE_NOOP(
        "errors",
        "Ingen reserverte doser kan skrives ut. Ingenting er laget. Reserver og synk først.",
    ),
    "sheet_not_open": QT_TRANSLATE_NOOP(
        "errors", "Arket er allerede ført eller annullert. Ingenting er skrevet."
    ),
    "sheet_unknown_code": QT_TRANSLATE_NOOP(
        "errors", "Koden står ikke på dette arket. Ingenting er skrevet. Se på arket en gang til."
    ),
    "sheet_line_open": QT_TRANSLATE_NOOP(
        "errors",
        "Noen linjer er ikke gjort rede for. Arket er fortsatt åpent. Før dem, eller si at "
        "ingenting skjedde.",
    ),
    "sheet_reason_missing": QT_TRANSLATE_NOOP(
        "errors", "Skriv hvorfor arket annulleres. Ingenting er skrevet."
    ),
    "sheet_reason_code_missing": QT_TRANSLATE_NOOP(
        "errors", "Velg hvorfor dosen ikke ble gitt. Ingenting er skrevet."
    ),
    "sheet_slot_filled": QT_TRANSLATE_NOOP(
        "errors",
        "Det står allerede en dose på dette døgnet. Ingenting er skrevet. Velg om det er samme "
        "utlevering eller en ekstra dose.",
    ),
    "sheet_has_doses": QT_TRANSLATE_NOOP(
        "errors",
        "Linjer fra arket er ført, så det kan ikke annulleres. Før resten, eller si at ingenting "
        "skjedde på dem.",
    ),
    # --- the courier file ---
    "courier": QT_TRANSLATE_NOOP(
        "errors", "Filen kan ikke brukes. Ingenting er endret. Velg en annen fil."
    ),
    "courier_off": QT_TRANSLATE_NOOP(
        "errors",
        "Virksomheten har ikke åpnet for å sende med minnepinne. Alt ligger trygt på maskinen og "
        "sendes når du har dekning.",
    ),
    "courier_damaged": QT_TRANSLATE_NOOP(
        "errors",
        "Dette er ikke en kvittering, eller den er skadet. Ingenting er endret. Be kontoret "
        "kopiere den på nytt.",
    ),
    "courier_truncated": QT_TRANSLATE_NOOP(
        "errors",
        "Slutten av kvitteringen mangler. Ingenting er endret. Be kontoret kopiere den på nytt.",
    ),
    "courier_too_large": QT_TRANSLATE_NOOP(
        "errors",
        "Dette er for stort for minnepinnen. Ingenting er endret. Alt ligger trygt på maskinen og "
        "sendes når du har dekning.",
    ),
    "courier_newer": QT_TRANSLATE_NOOP(
        "errors",
        "Kvitteringen er skrevet av en nyere utgave av programmet. Ingenting er endret. Oppdater "
        "programmet på denne maskinen.",
    ),
    "courier_wrong_server": QT_TRANSLATE_NOOP(
        "errors",
        "Filen hører til en annen server. Ingenting er endret. Se om det er riktig fil.",
    ),
    "courier_unknown_laptop": QT_TRANSLATE_NOOP(
        "errors",
        "Serveren kjenner ikke denne laptopen. Ingenting er endret. Kontakt brukerstøtte.",
    ),
    "courier_signature": QT_TRANSLATE_NOOP(
        "errors",
        "Kvitteringen er ikke signert av serveren. Ingenting er endret, og alt telles fortsatt som "
        "usendt. Be kontoret om kvitteringen på nytt.",
    ),
    "courier_key": QT_TRANSLATE_NOOP(
        "errors",
        "Serveren har byttet nøkkel siden filen ble skrevet. Ingenting er endret. Logg inn når du "
        "har dekning, og skriv en ny fil.",
    ),
    "courier_no_keys": QT_TRANSLATE_NOOP(
        "errors",
        "Maskinen mangler nøklene for minnepinne. Ingenting er endret. Logg inn på serveren når du "
        "har dekning; da kommer de.",
    ),
    "courier_other_file": QT_TRANSLATE_NOOP(
        "errors",
        "Kvitteringen gjelder en fil som ikke er skrevet på denne maskinen. Ingenting er endret. "
        "Velg kvitteringen for din egen fil.",
    ),
    "courier_stick_full": QT_TRANSLATE_NOOP(
        "errors",
        "Det er ikke plass på minnepinnen. Alt ligger trygt på maskinen. Frigjør plass eller velg "
        "et annet sted.",
    ),
    "courier_stick_closed": QT_TRANSLATE_NOOP(
        "errors",
        "Det kan ikke skrives på minnepinnen. Alt ligger trygt på maskinen. Se om den er "
        "skrivebeskyttet, eller velg et annet sted.",
    ),
    "courier_unreadable": QT_TRANSLATE_NOOP(
        "errors",
        "Filen kan ikke leses eller skrives. Ingenting er endret. Sett inn minnepinnen på nytt.",
    ),
    # --- safety items and wishes ---
    "involved": QT_TRANSLATE_NOOP(
        "errors",
        "Du førte en av dem, så en kollega må svare. Ingenting er skrevet. Saken blir stående.",
    ),
    "nothing_wished": QT_TRANSLATE_NOOP(
        "errors",
        "Ønsket er tomt. Ingenting er skrevet. Endre en dose, eller skriv hva du ønsker.",
    ),
    "already_answered": QT_TRANSLATE_NOOP(
        "errors", "En kollega har allerede svart på saken. Ingenting nytt er skrevet."
    ),
    # --- anything else ---
    "user_error": QT_TRANSLATE_NOOP(
        "errors", "Det gikk ikke. Ingenting er slettet. Se over og prøv igjen."
    ),
    "retry": QT_TRANSLATE_NOOP("errors", "Det gikk ikke nå. Ingenting er slettet. Prøv igjen."),
    "error": QT_TRANSLATE_NOOP("errors", "Det gikk ikke. Ingenting er slettet."),
}

_BUG = QT_TRANSLATE_NOOP(
    "errors",
    "Noe gikk galt i programmet. Det som var lagret, er ikke slettet. "
    "Prøv igjen. Kommer det tilbake, oppgi feilkoden til brukerstøtte: {code}",
)


def has_sentence(code: str) -> bool:
    """True when `code` has a sentence of its own."""
    return code in _SENTENCES


def sentence(code: str) -> str:
    """The sentence for a code; an unknown code is named, so that it can be reported."""
    text = _SENTENCES.get(code)
    if text is None:
        return QCoreApplication.translate("errors", str(_BUG)).format(code=code)
    return QCoreApplication.translate("errors", str(text))


def sentence_for(error: BaseException) -> str:
    """The sentence for an exception of the core, of a domain rule, or of anything unforeseen."""
    return sentence(code_for(error))


def code_for(error: BaseException) -> str:
    """The code of an exception; its type's name when it has none.

    An exception without a code is a bug; its type is logged, never its contents.
    """
    code = getattr(error, "code", None) or getattr(error, "reason", None)
    if isinstance(code, str):
        return str(code)
    if hasattr(error, "sqlite_errorcode"):
        # Here and not above: the first page is painted before the store's driver is loaded.
        from fieldapp.services.session import store_trouble

        trouble = store_trouble(error)
        if trouble is not None:
            return trouble.code
    log.error("unforeseen error of type %s", type(error).__name__)
    return type(error).__name__
