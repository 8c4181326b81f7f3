"""Short texts for an invented team's records, written for this program. They describe nobody."""

from __future__ import annotations

from typing import Final

PRACTICAL: Final = (
    "Ring på to ganger",
    "Inngang fra baksiden",
    "Hund i gangen, snill",
    "Send melding før du kommer",
    "Bratt oppkjørsel, piggsko om vinteren",
    "Dårlig dekning ved huset",
    "Hører dårlig, bank hardt",
    "Foretrekker besøk før klokka 12",
    "Parker ved postkassene",
    "Nøkkelboks ved døra, kode hos vaktleder",
)

FLAGS: Final[dict[str, tuple[str, ...]]] = {
    "allergy": (
        "Penicillin: utslett og hevelse i ansiktet",
        "Ibuprofen: pustebesvær, innlagt",
        "Klorheksidin: kontakteksem",
        "Alvorlig nøtteallergi, har adrenalinpenn",
        "Kodein: kraftig kvalme",
    ),
    "violence_risk": (
        "Har truet ansatte i ruspåvirket tilstand. Trekk dere ut ved høy stemme.",
        "Kniv i gangen ved forrige innleggelse. Avtal møtested ute i dårlige perioder.",
        "Utagering mot inventar ved avslag. Rolig tone og én om gangen hjelper.",
    ),
    "suicide_risk": (
        "To tidligere forsøk med tabletter. Spør direkte ved hvert besøk.",
        "Alvorlig forsøk ved samlivsbrudd. Kriseplan gjennomgått sammen.",
        "Tanker om å dø når stemmene øker på. Avtale om å ringe teamet først.",
    ),
    "two_together": (
        "Gå alltid to, etter hendelse i oppgangen.",
        "To ved hjemmebesøk etter klokka 15 og når naboen er på besøk.",
        "To personer inntil ny vurdering i teammøtet.",
    ),
    "legal_basis": (
        "TUD med plikt til depotmedisin, vedtak kontrolleres hver tredje måned",
        "TUD uten medikamentvedtak",
        "Dom til tvungent psykisk helsevern, samarbeid med koordinator",
    ),
    "children": (
        "To barn, annenhver helg. Barneansvarlig er orientert.",
        "Barn på 6 år bor fast hos. Samarbeid med barneverntjenesten.",
        "Ungdom på 15 år i huset, kjenner til behandlingen.",
    ),
    "crisis_plan": (
        "Kriseplan av i vår: ring søster, kort opphold ved døgnbemannet bolig",
        "Kriseplan: tidlige tegn er lite søvn og mange meldinger om natta",
        "Brukerstyrt plass avtalt, inntil fem døgn",
    ),
    "interpreter": (
        "Bruk tolk i {language}, helst den samme. Ikke familie.",
        "Telefontolk i {language} ved samtaler om medisin",
    ),
}

CONTACT_NOTES: Final = (
    "Vil gjerne ringes etter klokka 16.",
    "Har ekstranøkkel.",
    "Hjelper til med regninger.",
    "Kjenner de tidlige tegnene godt.",
    "",
    "",
)

PURPOSES: Final = (
    *("Oppfølgingssamtale", "Medisin og samtale", "Økonomi og post", "Følge til fastlege"),
    *("Kartlegging av rus", "Gjennomgang av kriseplan", "Boligoppfølging", "Handletur og samtale"),
)

NOTE_PARTS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "home_visit": {
        "Bakgrunn for besøket": (
            "Avtalt hjemmebesøk.",
            "Avtalt besøk, flyttet fra i går etter ønske.",
            "Besøk etter bekymringsmelding fra nabo.",
            "Fast ukentlig besøk. Tok imot i døra og virket forberedt.",
            "Besøk sammen med kollega etter avtale i tavlemøtet.",
        ),
        "Observasjoner": (
            "Leiligheten var ryddet, og det var mat i kjøleskapet.",
            "Mye papir og post på bordet, persiennene var nede.",
            "Virket trøtt, men var samlet og svarte greit på spørsmål.",
            "Rastløs, gikk mye fram og tilbake på kjøkkenet.",
            "God blikkontakt og lettere stemningsleie enn forrige gang.",
            "Tørr og varm i huset, hadde fyrt siden tidlig morgen.",
            "Snakket lavt og lyttet tydelig til noe annet i perioder.",
        ),
        "Pasientens egne ord": (
            "Sier at nettene er verst, og at radioen hjelper.",
            "Forteller at det går bedre etter at søsteren kom på besøk.",
            "Er bekymret for husleia og har ikke åpnet brevene fra NAV.",
            "Sier at stemmene er der, men at de er lettere å overse nå.",
            "Ønsker å komme i gang på verkstedet igjen over nyttår.",
            "Sier at suget kommer på kveldstid, særlig i helgene.",
        ),
        "Rus og medisin": (
            "Har tatt medisinene etter planen, dosetten stemte.",
            "Oppgir ingen rus siden sist. Ingenting ved observasjon tyder på noe annet.",
            "Drakk fire halvlitere på lørdag, angrer på det selv.",
            "Glemte kveldsdosen to ganger denne uka. Flyttet dosetten til kaffetrakteren.",
            "Røykte cannabis midt i uka. Snakket om hva som gikk forut.",
            "Plages av munntørrhet, tas opp med lege.",
        ),
        "Vurdering": (
            "Stabil fungering. Ingen tegn til forverring nå.",
            "Noe mer søvnvansker, som er et kjent tidlig tegn. Følges tettere.",
            "Bedring gjennom de siste ukene, fortsatt sårbar ved konflikter.",
            "Ingen tanker om selvskade når det spørres direkte.",
            "Økt rus og mindre struktur. Tas opp i tavlemøtet i morgen.",
        ),
        "Tiltak og avtaler": (
            "Ny avtale neste uke, samme tid.",
            "Ringer NAV sammen på torsdag.",
            "Teamet tar kontakt på telefon i morgen formiddag.",
            "Følger til fastlege for blodprøver.",
            "Minner om avtalen med tannlegen på melding dagen før.",
            "Avtalt tur langs elva i stedet for kaffe inne neste gang.",
        ),
    },
    "phone": {
        "Hvem og hvorfor": (
            "Pasienten ringte selv.",
            "Ringt opp som avtalt.",
            "Samtale etter to ubesvarte anrop i går.",
        ),
        "Innhold": (
            "Hadde sovet lite og ville høre en stemme. Roet seg i løpet av samtalen.",
            "Spurte om tid for legetime. Gjentok tiden og sendte den på melding.",
            "Fortalte om krangel med utleier. Ønsker at vi er med på neste møte.",
            "Bekreftet besøket i morgen og ba om å få det litt tidligere.",
        ),
        "Vurdering": (
            "Ikke behov for besøk i dag.",
            "Mer urolig enn vanlig, besøket framskyndes.",
            "Uendret.",
        ),
        "Avtale videre": (
            "Besøk som planlagt.",
            "Ringer igjen i kveld klokka 18.",
            "Tar selv kontakt ved behov, har nummeret til vakttelefonen.",
        ),
    },
    "lar_handout": {
        "Tilstand ved utdeling": (
            "Våken, klar og upåvirket.",
            "Noe trøtt, men lett å få kontakt med. Vurdert som upåvirket.",
            "Kom gående, fin kontakt og ryddig tale.",
        ),
        "Samtale": (
            "Snakket om helgen og om planene for båten.",
            "Kjenner seg stabil på dosen og ønsker ingen endring.",
            "Er lei av å møte opp hver dag, vil ta opp ordningen med legen.",
            "Fortalte om en venn som døde. Tilbudt ekstra samtale.",
        ),
        "Vurdering": (
            "Ingen avvik. Ordningen fortsetter.",
            "Fungerer godt med dagens ordning.",
            "Trenger tettere støtte i en tung periode.",
        ),
        "Avtale videre": (
            "Ny utdeling etter plan.",
            "Legetime bestilt til neste uke.",
            "Nalokson delt ut, har fått opplæring.",
        ),
    },
    "generic": {
        "Notat": (
            "Samarbeidsmøte med NAV og boligtjenesten. Enige om én plan for vinteren.",
            "Post og regninger gjennomgått. Tre krav sendt til gjeldsrådgiver.",
            "Fulgt til legevakt for sår på leggen. Renset og bandasjert, kontroll om tre dager.",
            "Tur til butikken. Handlet for en uke og holdt seg til lista.",
            "Pårørendesamtale med samtykke. Mor er sliten og får tilbud om pårørendegruppe.",
            "Handling i tavlemøtet: løftes til daglig oppfølging i to uker.",
        ),
    },
}

NOT_GIVEN_REASONS: Final[dict[str, tuple[str, ...]]] = {
    "not_met": ("not_home", "did_not_open", "travelling", "cancelled_by_patient"),
    "not_met_at_point": ("did_not_come", "cancelled_by_patient", "admitted"),
    "refused": ("does_not_want_today", "side_effects"),
    "withheld": ("intoxicated", "sedated", "prescriber_decision"),
}

NOT_GIVEN_TEXTS: Final[dict[str, tuple[str, ...]]] = {
    "not_met": ("", "Ringt to ganger uten svar.", "Lapp lagt igjen i postkassen."),
    "refused": ("", "Vil vente til i morgen.", "Ønsker samtale med legen først."),
    "withheld": (
        "Snøvlende tale og ustø gange. Lege kontaktet, ny vurdering i morgen.",
        "Vanskelig å vekke, respirasjon 14 per minutt. Observert og lege ringt.",
        "Beskjed fra rekvirent om å vente til blodprøven er besvart.",
    ),
}
