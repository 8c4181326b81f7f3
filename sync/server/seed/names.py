"""Names and places for invented people. The municipality and its roads do not exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Origin:
    """Names that go together."""

    female: tuple[str, ...]
    male: tuple[str, ...]
    family: tuple[str, ...]
    weight: int
    language: str | None = None
    """The language for which an interpreter may be needed."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.replace("\n", " ").split())


ORIGINS: Final = (
    Origin(
        _names(
            "Ingrid Kari Åse Bjørg Solveig Marit Turid Silje Hanne Mette Ragnhild Tone Gunn Liv"
            " Astrid Signe Sigrid Eva Randi Torill Anne-Lise Camilla Ida Nora Emilie Jorunn Vigdis"
            " Wenche Synnøve Heidi"
        ),
        _names(
            "Ola Per Bjørn Øyvind Åge Knut Arne Leif Odd Terje Geir Svein Morten Espen Frode Lars"
            " Jan-Erik Kjell Håkon Sindre Magnus Tor Einar Asbjørn Roar Steinar Vidar Jonas Ståle"
            " Jørgen"
        ),
        _names(
            "Hansen Johansen Bakken Moen Sæther Østby Lie Haugen Nygård Ødegård Brekke Solberg"
            " Rønning Tveit Myhre Aasen Fjellheim Kvam Løken Sørlie Engen Bråten Strand Hagen"
            " Dahl Øverby Skogli Kårstad Rud Lunde Vatne Hjelle Bjørnstad Grønli Sandvik"
        ),
        weight=76,
    ),
    Origin(
        _names("Máret Elle Biret Inga Sárá Risten"),
        _names("Áilu Máhtte Niillas Ánte Jovnna Piera"),
        _names("Sara Hætta Gaup Utsi Eira Somby Nutti"),
        weight=5,
        language="nordsamisk",
    ),
    Origin(
        _names("Agnieszka Katarzyna Małgorzata Joanna Ewa"),
        _names("Paweł Tomasz Krzysztof Łukasz Marek"),
        _names("Kowalczyk Nowak Wójcik Lewandowski Zieliński"),
        weight=6,
        language="polsk",
    ),
    Origin(
        _names("Hodan Fadumo Amina Sahra Ayaan"),
        _names("Abdi Mohamed Yusuf Liban Warsame"),
        _names("Ali Hassan Warsame Jama Farah"),
        weight=5,
        language="somali",
    ),
    Origin(
        _names("Rojin Zahra Shirin Leila Parisa"),
        _names("Dilan Reza Omid Karim Azad"),
        _names("Ahmadi Hosseini Rahimi Karimi Barzani"),
        weight=4,
        language="dari",
    ),
    Origin(
        _names("Jelena Sanja Mirjana Olena Oksana"),
        _names("Goran Dragan Nenad Andrij Mykola"),
        _names("Jovanović Petrović Horvat Shevchenko Kovalenko"),
        weight=4,
        language="ukrainsk",
    ),
)


PLACES: Final = (
    ("2991", "Rundvassmoen"),
    ("2992", "Elvegrenda"),
    ("2993", "Nordre Rundvatn"),
    ("2994", "Kvernfossen"),
    ("2995", "Øvre Skardlia"),
    ("2996", "Sørbygda"),
)

ROADS: Final = (
    *("Kvernbakkvegen", "Øvre Skardveg", "Moavegen", "Elvestubben", "Gamle Rundvassveg"),
    *("Stasjonsvegen", "Tunvegen", "Bjørkelia", "Åsgardsvegen", "Sagtomta", "Nerstugrenda"),
    *("Prestelykkja", "Sørbygdvegen", "Fossekallvegen", "Granskauen", "Låvebakken"),
)

DOCTORS: Final = (
    *("Hilde Brækkan", "Torgeir Ås", "Samira Rahman", "Nils Ødemark"),
    *("Berit Fossan", "Jakob Lundby", "Anniken Vold"),
)

STAFF: Final = (
    ("ingrid.saether", "Ingrid Sæther"),
    ("oyvind.brekke", "Øyvind Brekke"),
    ("maret.gaup", "Máret Gaup"),
    ("tomasz.nowak", "Tomasz Nowak"),
    ("hanne.rud", "Hanne Rud"),
    ("liban.farah", "Liban Farah"),
    ("solveig.moen", "Solveig Moen"),
    ("aase.lie", "Åse Lie"),
    ("eva.solberg", "Eva Solberg"),
    ("bjorn.tveit", "Bjørn Tveit"),
    ("roar.engen", "Roar Engen"),
    ("nora.kvam", "Nora Kvam"),
)
"""User name and name. The first one is the demo's own case manager."""
