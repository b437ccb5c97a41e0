"""When two names of a sign, an illness or an act mean the same: the measure's own thesaurus, which the drafter never reads.

Each line is one meaning in the words of a doctor and of a patient, as any French thesaurus of medicine groups them; each
word stands for all that begin so. A phrase holds a meaning when it holds every word of one of its names.
"""

import re
from functools import cache

from bench.drugs import drugs
from bench.words import plain, stems

MEANINGS = """
essouffl|dyspn|souffle court|souffle manqu|gene respir|gene souffle|orthopn|mal respir|difficult respir|detresse respir|breathless|short breath
tachypn|polypn|respir vite|respir rapid
tirage|signe lutte respir|balancement thorac|battement ailes nez|retractions
siffl|wheez|sibilan|siffle respir
apnee|pause respir|arret respir|arrete respir
ronfl|snor
toux|touss|cough|quinte
expector|crach|glaire|crachat|mucus
hemopty|crache sang.|crachat sang.
rhinorr|rhinite|nez coule|ecoulement nasal|nez bouch|obstruction nasal|congestion nasal|catarrhe
rhume|rhinorr|rhinopharyng|enrhum|coryza|rhinite|nez coule|nez pique
hypomani|manie.|maniaqu|exaltation
epistax|saign nez|nosebleed|saigne nez
fievr|febri|temperature elev|hypertherm|fever|pyrex
frisson|chills
sueur|transpir|suee|sweat
bouffee chaleur|bouffees chaleur|hot flush|hot flash
fatigu|astheni|epuis|crev|manque energie|lassitude|tired
amaigr|maigr|perte poids|perdu poids|perte kg|perdu kg|perte kilo|perdu kilo|weight loss|serre ceinture
prise poids|pris poids|pris kilo|prise kilo|prise kg|pris kg|grossi.|weight gain
appetit|anorexi|inappet|mange moins|mange peu|perte faim
refus aliment|boit moins|biberon dimin|mange moins|prend moins biberon|difficult aliment
nause|mal coeur|ecoeur|haut coeur|barbouill|envie vomir
vomi|emesis|regurgit
hemateme|vomi sang.|vomissement sang.|marc cafe|vomissement noir
melena|selles noir|selle noir|selles goudron
rectorrag|sang. selle|sang. selles|sang. rouge selle|sang. rouge papier|sang. papier|saign rect|sang. cuvette
diarrh|selles liquid|selle liquid|colique|gastro enter
constip|selles rare|transit ralent|va pas selle
ballonn|gaz|meteoris|flatul|ventre gonfl
pyrosis|reflux|regurgit acid|remont acid|brulure estomac|brulures estomac|rgo|gastro oesophag
dysphag|difficult aval|blocage aliment|coince|aphagi
odynophag|mal gorge|douleur gorge|gorge doulour|gorge gratt|pharyng|angine|sore throat|avaler mal fait
trismus|ouvre bouche|ouvrir bouche|ouverture bouche
jaunisse|icter|jaundice
dysuri|brulure urin|brulures urin|brulure miction|brulures miction|brule urin|brulant urin
pollakiur|urine souvent|envies urin|uriner souvent|mictions frequent|envie pipi
imperios|envies pressant|urgenturi|envie urin pressant
nycturi|leve nuit urin|levers nuit|lever nuit urin|uriner nuit
hematur|sang. urin|urine rose|urines rose|urines roug
incontin|fuite urin|fuites gouttes|fuite effort|fuites effort|fuites urin|perte urin|pertes urin
retention urin|blocage urin|urine plus|anuri
diures|urine conserv|couche mouill|couches mouill
leucorrh|perte vagin|pertes vagin|pertes blanch|pertes inhabit|pertes anormal|ecoulement vagin
metrorrag|saign vagin|saign entre regles|saignement apres menopaus|saign depuis regles|saignement gynec
regles|menstru|dernieres regles|ddr
amenorrh|absence regles|retard regles
menorrag|regles abond|flux abond
dysmenorrh|regles doulour|douleur regles
dyspareun|douleur rapport|douleurs rapport|rapports doulour
secheresse vagin|secheresse intim|atrophie vagin|vagin sec
menopaus|climater
grossess|enceint|gravid|pregnan
contraction|ventre dur
mouvement foet|mouvements foet|bebe bouge
libido|desir sexuel|envie sexuel
erect|impuiss|panne sexuel
prurit|prurig|demange|grattag|gratte peau|itch
eruption|rash|rougeur|erythem|bouton|plaque|rougeur peau|exanthem|taches peau
urticair|hives
eczema|dermat atop|dermatite
vesicules|vesiculeu|cloque|ampoule|bulle|phlyct|blister
ecchymos|hematom|bleu|bruise|bleus
plaie|blessure|coupure|wound
suint|croute
paleur|pale|pallor
cyanos|bleu levres|levres bleu|bleui
oedeme|gonfl|enfl|tumefact|swell
oedeme quincke|angio oedem|visage gonfl|gonflement visag|gonfl levres|levres gonfl
anaphyla|choc allerg|signe gravit reaction
ganglion|adenopath|lymph
masse|boule|grosseur|nodule|tumef
cephal|migrain|mal tete|maux tete|mal crane|headache|douleur crane
migrain
vertig|tete tourne|tournis|dizz|etourdiss
malaise|lipothym|faiblesse general
syncop|perte connaiss|perdu connaiss|evanou|tomber pommes|blackout
traumatisme cran|choc tete|coup tete|cogne tete|choc cran
chute|tombe|tomber|fall
traumat|choc|entors|foul|tordu|torsion
convuls|crise general|crise epilep|comitial|epilep|seizure
absence epilep|absences
myoclon|secouss|sursaut
morsure langue|langue mordu|mordu langue
trembl|tremor
paresthes|fourmi|picot|tingl
hypoesth|engourd|insensib|anesthes|numb|sensibilite dimin
deficit moteur|faibless|paralys|force dimin|perte force|hemipleg|deficit membre|weakness
trouble parol|aphasi|dysarthr|mal parler|parle mal|parole bizar
diplop|voit double|vision double|vue double|voyez double|vois double|voir double
trouble visuel|baisse vision|vision trouble|vue trouble|vue brouill|vision flou|voit flou|baisse acuite|baisse visuel
phosphen|mouches|taches lumineus|scotom|aura.|zigzag
photophob|lumiere gene
phonophob|bruit gene
acouphen|siffl oreill|bourdonn oreill|tinnitus
hypoacous|baisse audit|surdit|entend moins|perte audit|oreille bouch
otalg|mal oreill|douleur oreill
confus|desorient|perdu tete
memoir|amnes|oublis
trouble marche|troubles marche|marche instab|ataxi|demarche|marche difficil|equilibr|instabil
insomni|dort mal|dors mal|sommeil mauvais|trouble sommeil|troubles sommeil|reveil nocturn|reveils nocturn|reveil precoc|reveils precoc|sommeil hach|sommeil fragment|sommeil morcel|dort peu|endormissement|endors|sommeil perturb
somnol|endormi.|endormie.|endormissement volant|envie dormir|piqu nez|assoup|sleepy
anxie|anxio|angoiss|nervosit|stress|inquiet
irritab|enerv|colere
depress|triste|moral bas|trouble humeur|humeur bas
anhedon|plaisir|perte envie|perte interet
idee suicid|idees suicid|idee mort|idees noir|idee noire|idees mort|envie mourir|suicid
bouche seche|secheresse bouche|xerostom
soif|polydips
palpit|coeur emball|coeur bat vite|tachycard
hypoglyc|hypos|malaise sucre
raideur nuque|nuque raide|stiff neck
raideur matin|derouillage|raide matin
crampe|cramp
douleur poitrin|douleur thorac|oppress thorac|serre poitrin|serrement|angor|angine poitrin|chest pain
hypoton|tout mou|flasque|floppy|molle
deshydrat|larmes|pleurs sans
fontanell
limitation rotation|tourner cou
appui possible|appui imposs|poser pied|marche possible
craquement
infarct|crise cardia|heart attack
avc|accident vascul|attaque cerebr|stroke|ait
insuffisance cardia
fibrillation|arythmi|acfa
hta|hypertension|tension elev
phleb|thrombose|tvp|caillot jambe
embolie pulm|embolie
diabet
cholester|dyslipid|hyperlipid
hypothyr|hyperthyr
asthm
bpco|bronchite chron|emphys
bronchiolit
bronchit
pneumon|pneumopath
covid|sars cov
gripp|influenza
sinusit
otite
cystit|infection urin
pyeloneph|infection rein
calcul|lithias|colique nephr
insuffisance renal|maladie rein|maladie renal|rein malade
maladie foie|maladie hepat|hepatit|cirrhos|atteinte foie|foie
pancreat
vesicule bil|cholecyst|calcul vesicule|vesicule.
gastrit|ulcer|gastrite
hernie discal
sciati|lombosciat
hemorro
polypes
cancer|tumeur|neoplas|carcinom
endometrio
mycose|candid|muguet
herpes
zona|shingles
varicell|chickenpox
deuil|endeuill|perte proche
burn out|epuisement profess
demence|alzheimer
parkinson
arthros
osteopor|osteopen
fractur
tendin
prematur|ne semaines|avant terme
glaucom
cataract
psorias
vppb|vertige position|cristaux oreille
maladie coeur|cardiopath|probleme cardiaq|probleme coeur|maladie cardia|coeur malade|mort coeur
maladie poumon|maladie pulm|poumon malade
immunod|defense immun|immunite baiss
conisat
hysterect|uterus enlev|ablation uterus
appendic
cesarienn
fausse couche
voix|enrou|dysphon|aphon
automesure|appareil bras|appareil tension|mesures tension
protection solaire|ecran solaire|ecran.|creme solaire
consult|reparle|passe voir|follow|office|visit|see.|seen.|revoir|revoi|revu.|rendez vous|rdv|teleconsult|visio|video
prise sang.|bilan sanguin|bilan bio|analyse sang.|biolog|bilan hepat|numeration
coloscop|colonoscop
fibroscop|gastroscop|endoscopie haut|endoscop digest
mammogr
frottis|cytolog cerv
vaccin|rappel vaccin|immunis
ecg|electrocardio
radiogr|radio.
scanner|tdm
irm
echogr|echo
epaule oper|chirurg epaul
polygraph|polysomno|enregistrement sommeil
kine|kinesi|reeduc|physiother
psychol|psychother|soutien psy
tabac|fume.|fumeu|fumer|cigarett|smok|clope
alcool|biere|vin|whisky|alcohol|verre rouge
cannabis|joint.
vapot|cigarette electron
cafe|coffee
chauffeur|conducteur|routier
prof|professeur|enseign|institut
etudiant|etudes|universit|student
"""

SITES = """
tete. crane front tempe|gorge pharynx|poitrine thorac thorax sternum|ventre abdom fosse iliaq|epigastr creux estomac estomac|dos lomb reins dorsal
cou cervic nuque|epaule|coude|poignet|main. doigt|hanche|genou|mollet|cheville malleol|pied orteil talon|cuisse fesse|jambe tibia inferieur|bras|machoire|dent.
oreille|oeil yeux orbit|nez sinus|sein|rein.|pubis bassin pelv|anus anal. rectal rectum|testicul|langue bouche|flanc
"""
PAIN = re.compile(r"\b(?:doul\w*|mal|maux|pain|sore|brulur\w*|eva)\b")
PAINS = {
    "cephalee": "tete", "lombalgie": "dos", "lumbago": "dos", "epigastralgie": "epigastr", "cervicalgie": "cou",
    "gonalgie": "genou", "otalgie": "oreille", "odynophagie": "gorge", "dorsalgie": "dos", "mastodynie": "sein",
    "coxalgie": "hanche", "talalgie": "pied", "scapulalgie": "epaule",
}  # fmt: skip
INSIDE = {"epigastr": "ventre", "cuisse": "jambe", "mollet": "jambe", "sein": "poitrine"}
ORDINARY_WORDS = (
    "lundi mardi mercr jeudi vendr samed diman janvi fevri mars avril juin juill aout septe octob novem decem "
    "hiver ete autom print debut prise pris repri arret arrete suivi appel appele voir faire fait exame consu "
    "rende cabin medec docte trait presc ordon jamai toujo autre possi preci video"
)
ORDINARY = frozenset(ORDINARY_WORDS.split())
EVERYWHERE_WORDS = (
    "doule troub malad probl signe perte baiss aigu aigue chron reven recen conti reveil anten crise episo "
    "depui prese absen gauch droit cote deux trois quatr cinq ancie legere leger forte fort local inspe autop"
)
EVERYWHERE = ORDINARY | frozenset(EVERYWHERE_WORDS.split())
STILL = re.compile(r"repos\b|allonge|couche|immobile|(?:bouge|marche|appuie) pas|at rest|lying")
MOVED = re.compile(r"bouge|march|appui|lev[ea]|effort|mouve|walking|moving|standing")
FORMS_WORDS = (
    "compr sache gelul gramm sirop creme goutt inhal bouff ampou patch dose doses capsu press table gel"
)
FORMS = frozenset(FORMS_WORDS.split())
CALLED = frozenset(("15", "18", "112", "114", "3114", "116117", "911", "999", "111"))


def _named(stem: str, words: frozenset[str]) -> bool:
    """Whether a word is the stem's: a stem with a point or of three letters is the whole word, another its beginning."""
    whole = stem.removesuffix(".")
    short = len(whole) < 4 or whole != stem
    return any(word in (whole, whole + "s", whole + "x") if short else word.startswith(whole) for word in words)


NAMES = [[name.split() for name in line.split("|")] for line in MEANINGS.split("\n") if line]
PLACES = [site.split() for site in SITES.replace("\n", "|").split("|") if site]


@cache
def meanings(text: str) -> frozenset[str]:
    """What a phrase means, as numbers of the thesaurus's lines, and its pains by where they are."""
    words = frozenset(re.findall(r"[a-z]{2,}", plain(text)))
    held = {str(n) for n, names in enumerate(NAMES) if any(all(_named(stem, words) for stem in name) for name in names)}
    for word in words:
        sites = [site for name, site in PAINS.items() if word.startswith(name[:-1])]
        held |= {f"pain of {place}" for site in sites for place in (site, INSIDE.get(site, site))}
    if PAIN.search(plain(text)):
        held |= {f"pain of {place}" for place in places(text)} or {"pain"}
    return frozenset(held)


def places(text: str) -> frozenset[str]:
    """The parts of the body that a phrase names; a part of a part is in both."""
    words = frozenset(re.findall(r"[a-z]{2,}", plain(text)))
    named = {site[0] for site in PLACES if any(_named(stem, words) for stem in site)}
    return frozenset(named | {INSIDE[place] for place in named & INSIDE.keys()})


def same_sign(found: str, gold: str, common: frozenset[str]) -> bool:
    """Whether two names of a sign, an illness, an act or a habit mean the same.

    What the drafter cites in brackets helps only where its own term says nothing known: other known meanings differ;
    a trouble of something is the trouble that was cited.
    Another side is another sign; a side or a place that stands alone is told of the sign that has it.
    """
    term = re.sub(r"\([^)]*\)|«[^»]*»", "", found)
    if not _same_side(term, gold):
        return False
    if term.startswith("localisation"):
        return not places(term) or bool(places(term) & places(gold))
    vague = term.startswith("trouble")
    mine, wanted = (not vague and meanings(term)) or meanings(found), _headed(gold)
    if mine & wanted or _pain_somewhere(mine, wanted):
        return True
    if mine and wanted:
        return False
    return bool(stems(found, common) & stems(gold, common) & _worded(found) - EVERYWHERE)


def _headed(text: str) -> frozenset[str]:
    """What a name means without what came before or around it: "toux après un rhume" is a cough."""
    _, *tail = re.split(r"\b(?:après|pendant|lors|sous|suite|malgré|after|during)\b", text, maxsplit=1)
    around = meanings(tail[0].partition("(")[0]) if tail else frozenset()
    return meanings(text) - around or meanings(text)


def same_strain(found: str, gold: str) -> bool:
    """Whether a score is not told of rest where it was of movement, nor the other way round."""
    still = [bool(STILL.search(plain(text))) for text in (found, gold)]
    moved = [bool(MOVED.search(STILL.sub("", plain(text)))) for text in (found, gold)]
    return not (still[0] and moved[1] and not moved[0]) and not (moved[0] and still[1] and not still[0])


def _pain_somewhere(mine: frozenset[str], wanted: frozenset[str]) -> bool:
    pains = [{m for m in held if m.startswith("pain")} for held in (mine, wanted)]
    return all(pains) and "pain" in pains[0] | pains[1]


def _same_side(found: str, gold: str) -> bool:
    sides = [set(re.findall(r"gauche|droit|left|right", plain(text))) for text in (found, gold)]
    return not all(sides) or bool(sides[0] & sides[1])


def _worded(text: str) -> set[str]:
    return {stem for stem in stems(text, frozenset()) if not stem.isdigit()}


def same_drug(found: str, gold: str, common: frozenset[str]) -> bool:
    """Whether two phrases name one drug: by its substance where both are known, else by a word of the name."""
    mine, wanted = drugs(found), drugs(gold)
    if mine and wanted:
        return bool(mine & wanted)
    return bool(stems(found, common) & stems(gold, common) & _worded(found) - EVERYWHERE - FORMS)


def same_matter(found: str, gold: str, common: frozenset[str]) -> bool:
    """Whether two sentences about what to do share a word of weight, a meaning, a drug, a number to call, or two others."""
    found, gold = (re.sub(r"\b31 14\b", "3114", text) for text in (found, gold))
    shared = stems(found, common) & stems(gold, common)
    slight = {stem for stem in shared if stem.isdigit() or stem in ORDINARY}
    known = meanings(found) & meanings(gold) or drugs(found) & drugs(gold)
    return bool(shared - slight or shared & CALLED or len(slight) > 1 or known)


def seen(text: str) -> bool:
    """Whether an act is what the doctor saw or had done on the screen: told by what was seen, not by the act's name."""
    return bool(re.search(r"video|inspect|examen|autopalp", plain(text)))


MEASURED = """
temperature fievre|pression tension pa|pouls cardiaque heart pulse|saturation spo2 oxygene|poids weight pese|taille height|respiratoire|pointe debit dep
glycemie glucose sucre|hba1c hemoglobine glyquee|imc bmi|tour perimetre|creatinine|filtration dfg gfr|ldl|hdl|tsh|ferritine|crp|potassium|sodium
"""
MEASURES = [line.split() for line in MEASURED.replace("\n", "|").split("|") if line]


def same_measure(found: str, gold: str) -> bool:
    """Whether two measures are of the same thing, or one of them does not say of what."""
    words = [set(re.findall(r"[a-z][a-z0-9]+", plain(text))) for text in (found, gold)]
    mine, wanted = ({names[0] for names in MEASURES if held & set(names)} for held in words)
    return bool(mine & wanted) or not (mine and wanted)
