"""Words of who somebody is. A learned model never reads them.

A model that reads "gay" or "muslim" learns who was raised more often in its data, not what was
done. So these words are taken out before anything is hashed, in training and in use. Orientation,
gender, faith, origin, colour and disability are listed, in the form in which text is matched (small
letters, without accents). The list cannot be complete, and knows no insults on purpose: measure the
strata of people whom you worry about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tutela.detection.text.normalised import Normalised

_ENGLISH = """
gay gays lesbian lesbians bi bisexual bisexuals homosexual homosexuals heterosexual heterosexuals
straight queer queers asexual pansexual trans transgender transsexual nonbinary enby intersex cis
lgbt lgbtq lgbtqia transman transwoman muslim muslims islam islamic christian christians catholic
catholics protestant protestants orthodox jew jews jewish hindu hindus sikh sikhs buddhist
buddhists atheist atheists mormon mormons evangelical african africans american americans arab
arabs arabic asian asians australian australians black blacks brown white whites latino latina
latinos latinas latinx hispanic hispanics native indigenous aboriginal roma romani gypsy gypsies
traveller travellers immigrant immigrants migrant migrants refugee refugees foreign foreigner
foreigners british english scottish welsh irish french german germans italian italians spanish
portuguese polish pole poles romanian romanians bulgarian bulgarians ukrainian ukrainians russian
russians turkish turk turks kurdish kurd kurds syrian syrians afghan afghans iraqi iraqis iranian
iranians pakistani pakistanis indian indians bangladeshi chinese japanese korean koreans
vietnamese filipino filipina filipinos mexican mexicans brazilian brazilians nigerian nigerians
somali somalis moroccan moroccans algerian algerians tunisian tunisians egyptian egyptians israeli
israelis palestinian palestinians jamaican jamaicans caribbean deaf blind disabled autistic autism
dyslexic dyslexia adhd aspergers wheelchair
"""

_FRENCH = """
gays lesbienne lesbiennes bisexuel bisexuelle bisexuels bisexuelles homo homos homosexuel
homosexuelle homosexuels homosexuelles hetero heteros heterosexuel heterosexuelle transgenre
transgenres transsexuel transsexuelle asexuel asexuelle pansexuel pansexuelle intersexe musulman
musulmane musulmans musulmanes chretien chretienne chretiens chretiennes catholique catholiques
protestant protestante protestants protestantes orthodoxe orthodoxes juif juive juifs juives
hindoue hindous bouddhiste bouddhistes athee athees noir noire noirs noires blanc blanche blancs
blanches metis metisse arabe arabes asiatique asiatiques africain africaine africains africaines
americain americaine antillais antillaise rom roms tsigane tsiganes gitan gitane gitans immigre
immigree immigres migrants migrante refugie refugiee refugies etranger etrangere etrangers
etrangeres francais francaise belge belges suisse suisses anglais anglaise allemand allemande
italien italienne espagnol espagnole portugais portugaise polonais polonaise roumain roumaine
russe russes ukrainien ukrainienne turc turque turcs kurde kurdes syrien syrienne afghane algerien
algerienne algeriens marocain marocaine marocains tunisien tunisienne tunisiens senegalais
senegalaise malien malienne camerounais camerounaise congolais congolaise ivoirien ivoirienne
haitien haitienne chinois chinoise japonais japonaise coreen coreenne vietnamien vietnamienne
indien indienne bresilien bresilienne mexicain mexicaine breton bretonne corse corses basque
basques sourd sourde sourds aveugle aveugles handicape handicapee handicapes autiste autistes
dyslexique
"""

IDENTITIES = frozenset(_ENGLISH.split()) | frozenset(_FRENCH.split())
"""The words, of English and French together: a conversation may mix them."""

_WORD = re.compile(r"[^\W_]+")


def without(text: Normalised) -> tuple[str, str]:
    """A text as written and as it is matched, both without words of identity."""
    if IDENTITIES.isdisjoint(_WORD.findall(text.text)):
        return text.original, text.text
    spans = list(_spans(text.text))
    written = [text.span(*span) for span in spans]
    return _cut(text.original, written), _cut(text.text, spans)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _WORD.finditer(text) if found[0] in IDENTITIES)


def _cut(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with a space for each span."""
    parts, start = [], 0
    for begin, end in spans:
        parts.append(text[start:begin])
        start = end
    return " ".join([*parts, text[start:]])
