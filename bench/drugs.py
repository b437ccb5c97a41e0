"""The drugs that a phrase names, brands under their substance: the measure's own list, which the drafter never reads."""

import re

from bench.words import plain

BRANDS = """
paracetamol acetaminophen tylenol doliprane dafalgan efferalgan|ibuprofene nurofen advil spedifen antarene ibuprofen|ketoprofene profenid ketum bi-profenid
aspirine kardegic aspegic aspirin acetylsalicylique|diclofenac voltarene|naproxene apranax|codeine neo-codion codoliprane klipal codeine
tramadol topalgic contramal ixprim|amoxicilline clamoxyl|augmentin clavulanique|azithromycine zithromax|metronidazole flagyl|ofloxacine oflocet
cotrimoxazole bactrim|fosfomycine monuril|omeprazole mopral|esomeprazole inexium|pantoprazole eupantol inipomp|alginate gaviscon
domperidone motilium|metopimazine vogalene|metoclopramide primperan|phloroglucinol spasfon|loperamide imodium|diosmectite smecta|macrogol movicol forlax
betahistine serc|acetylleucine tanganil|zolpidem stilnox|zopiclone imovane|bromazepam lexomil|alprazolam xanax|oxazepam seresta|diazepam valium
sertraline zoloft|escitalopram seroplex|paroxetine deroxat|fluoxetine prozac|venlafaxine effexor|lamotrigine lamictal|levetiracetam keppra|valproate depakine
perindopril coversyl|ramipril triatec|irbesartan aprovel|candesartan atacand|valsartan tareg|losartan cozaar|enalapril|lisinopril zestril|amlodipine amlor|bisoprolol cardensiel|amiodarone cordarone
apixaban eliquis|rivaroxaban xarelto|clopidogrel plavix|fluindione previscan|atorvastatine tahor|rosuvastatine crestor|simvastatine zocor simvastatin
furosemide lasilix|spironolactone aldactone|metformine glucophage stagid|gliclazide diamicron|dulaglutide trulicity|semaglutide ozempic
levothyroxine levothyrox|prednisolone solupred|prednisone cortancyl|salbutamol albuterol ventoline|symbicort budesonide formoterol|seretide fluticasone
montelukast singulair|cetirizine zyrtec virlix|desloratadine aerius|levocetirizine xyzall|adrenaline epinephrine anapen epipen jext emerade
desogestrel optilova cerazette|levonorgestrel leeloo minidril|adepal trinordiol|jasminelle drospirenone jasmine|estradiol oestrodose estreva|progesterone utrogestan
promestriene colpotrophine|colecalciferol uvedose zymad cholecalciferol|fer tardyferon ferreux ferrograd|folique speciafoldine|nirsevimab beyfortus
insuline lantus novorapid|allopurinol zyloric|colchicine colchimax|methotrexate novatrex|isotretinoine curacne|nirmatrelvir paxlovid|oseltamivir tamiflu
doxylamine donormyl|ascorbique laroscorbine|cyanocobalamine|pyridoxine|phytomenadione|hydroxyzine atarax|melatonine circadin|titanoreine carraghenates|desonide locapred tridesonit|betamethasone diprosone
"""
DRUGS = {name: line.split()[0] for line in BRANDS.replace("\n", "|").split("|") if line for name in line.split()}


CLASSES = """
anti-inflammatoire ains anti-inflammatoires nsaid: aspirine ibuprofene ketoprofene diclofenac naproxene
corticoide corticoides cortisone corticotherapie: prednisolone prednisone betamethasone desonide
antibiotique antibiotiques: amoxicilline augmentin azithromycine metronidazole ofloxacine cotrimoxazole fosfomycine
pilule oestroprogestatif: desogestrel levonorgestrel jasminelle adepal
somnifere hypnotique: zolpidem zopiclone
anticoagulant: apixaban rivaroxaban fluindione
conversion iec: ramipril perindopril enalapril lisinopril
sartan sartans ara2: irbesartan candesartan valsartan losartan
pompe ipp: omeprazole esomeprazole pantoprazole
benzodiazepine benzodiazepines: alprazolam bromazepam oxazepam diazepam
statine: atorvastatine rosuvastatine simvastatine
"""
VITAMINS = {
    "d": "colecalciferol",
    "c": "ascorbique",
    "b12": "cyanocobalamine",
    "b6": "pyridoxine",
    "k": "phytomenadione",
}
MEMBERS = {
    name: frozenset(members.split())
    for names, members in (line.split(":") for line in CLASSES.split("\n") if line)
    for name in names.split()
}


def drugs(text: str) -> frozenset[str]:
    """The drugs a phrase names, brands under their substance; a class alone or in a list is any of its own."""
    spoken = plain(text)
    for vitamin, substance in VITAMINS.items():
        spoken = spoken.replace(f"vitamine {vitamin}", substance).replace(f"vitamin {vitamin}", substance)
    words = {word for whole in re.findall(r"[a-z][a-z-]+", spoken) for word in (whole, *whole.split("-"))}
    named = frozenset(DRUGS[word] for word in words if word in DRUGS)
    members = frozenset(member for word in words for member in MEMBERS.get(word, ()))
    return named | members if "," in text else named or members
