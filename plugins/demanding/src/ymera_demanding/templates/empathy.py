"""What people know, believe and feel, where each depends on what they have seen or been told."""

import random
from collections.abc import Mapping

from ymera_demanding.task import Draft, Template, chosen, listing, numeric, textual
from ymera_demanding.templates.texts import NAMES, told_in

_FEELINGS = (
    "relief",
    "disappointment",
    "pride",
    "shame",
    "gratitude",
    "anger",
    "envy",
    "guilt",
    "joy",
    "fear",
    "sadness",
    "hope",
)


def outcomes(draw: random.Random) -> Draft:
    """What is felt, from what was expected, wanted and done."""
    one, other = draw.sample(NAMES, 2)
    cases = [
        (f"{one} wanted the job and was sure not to get it. The letter, which {one} has only skimmed, seemed a refusal. On reading it again, {one} sees that it is an offer", "relief", ("disappointment", "guilt", "envy")),
        (f"{one} wanted the job and was sure to get it, until a friend said that it went to {other}. The friend was joking, but {one} does not know that yet", "disappointment", ("relief", "pride", "joy")),
        (f"{one} broke the vase of {other}. Everyone, {other} too, believes that the cat did it, and {one} lets them", "guilt", ("anger", "pride", "relief")),
        (f"{other} broke the vase of {one} and said that the cat did it. {one} has just seen the film of the camera", "anger", ("guilt", "relief", "envy")),
        (f"{one} did not want the prize for itself, but worked for it for two years so that {other} would see that it can be done. {other} has seen it", "pride", ("envy", "shame", "fear")),
        (f"{one} had counted on losing the house. {other}, whom {one} had never treated well, paid the debt and asks for nothing", "gratitude", ("anger", "envy", "disappointment")),
        (f"{other} got the part that {one} had wanted. {one} says to all how glad this makes {one}, and then tears up the playbill at home", "envy", ("joy", "gratitude", "pride")),
        (f"{one} told a joke about the teacher, not knowing that the teacher stood behind. All turned silent, and {one} looked round", "shame", ("pride", "gratitude", "envy")),
    ]  # fmt: skip
    text, right, others = draw.choice(cases)
    choices = sorted(
        {right, *others, *draw.sample([each for each in _FEELINGS if each not in (right, "joy", "sadness")], 2)}
    )
    return chosen(
        f"{text}. Which of these does {one} most likely feel at this moment: {', '.join(choices)}?", right, choices
    )


def feelings_of_each(draw: random.Random) -> Draft:
    """Who is glad, by what they know and want."""
    people = draw.sample(NAMES, 5)
    wants = {each: draw.choice(("rain", "sun")) for each in people}
    news = draw.choice(("rain", "sun"))
    heard = {each: draw.choice(("true", "false", "none")) for each in people}
    told = []
    for each in people:
        said = {
            "true": f"has read the forecast, which says {news}",
            "false": f"was told that the forecast says {'sun' if news == 'rain' else 'rain'}, and believes it",
            "none": "has heard nothing of the forecast",
        }[heard[each]]
        told.append(f"{each} hopes for {wants[each]} and {said}")
    glad = sorted(each for each in people if heard[each] != "none" and (wants[each] == news) == (heard[each] == "true"))
    draw.shuffle(told)
    ask = "Who is glad about what they take the forecast to be? Name them in order of the alphabet, or answer 'nobody'."
    return textual(f"{told_in(told)} {ask}", ", ".join(glad) or "nobody", "names, separated by commas")


def grudges(draw: random.Random) -> Draft:
    """Who is still angry with whom."""
    people = draw.sample(NAMES, 5)
    angry: set[tuple[str, str]] = set()
    told = []
    for _ in range(10):
        one, other = draw.sample(people, 2)
        kind = draw.choice(("hurts", "hurts", "apologises", "avenges"))
        if kind == "hurts":
            angry.add((other, one))
            told.append(f"{one} hurts {other}")
        elif kind == "apologises":
            angry.discard((other, one))
            told.append(f"{one} apologises to {other}")
        else:
            angry |= {(one, third) for hurt, third in angry if hurt == other and third != one}
            told.append(f"{one} takes up the anger of {other} against everyone else as {one}'s own")
    rule = "Who is hurt is angry with the one who did it, until that one apologises to them; whoever takes up the anger of another is angry, too, until apologised to"
    return numeric(f"{rule}. {told_in(told)} How many pairs (who is angry, with whom) are left?", len(angry))


def moods(draw: random.Random) -> Draft:
    """Moods that change and spread."""
    people = draw.sample(NAMES, 4)
    mood, told = {each: draw.randint(3, 7) for each in people}, []
    start = ", ".join(f"{each} {mood[each]}" for each in people)
    for _ in range(9):
        one, other = draw.sample(people, 2)
        kind = draw.choice(("praise", "blame", "hug", "meet"))
        if kind == "praise":
            mood[one] += 2
            told.append(f"{one} is praised")
        elif kind == "blame":
            mood[one] -= 3
            told.append(f"{one} is blamed")
        elif kind == "hug":
            mood[one], mood[other] = mood[one] + 1, mood[other] + 1
            told.append(f"{one} and {other} hug")
        else:
            mood[one] = mood[other]
            told.append(f"{one} takes on the mood of {other}")
    ask = "Praise raises a mood by 2, blame lowers it by 3, a hug raises both moods by 1; moods have no limits. What is the sum of the four moods in the end?"
    return numeric(f"Moods: {start}. {told_in(told)} {ask}", sum(mood.values()))


def confidants(draw: random.Random) -> Draft:
    """Whom to ask for help, by what someone says they need."""
    people = draw.sample(NAMES, 6)
    traits = {
        each: (
            draw.choice(("gives advice at once", "only listens")),
            draw.choice(("keeps things private", "tells others")),
            draw.choice(("is free tonight", "is away until Sunday")),
            draw.randint(1, 9),
        )
        for each in people
    }
    one = draw.choice(people)
    needs = traits[one]
    told = [
        f"{each} {mine[0]}, {mine[1]}, {mine[2]} and has known her for {mine[3]} years" for each, mine in traits.items()
    ]
    fits = [each for each in people if traits[each][:3] == needs[:3]]
    right = max(fits, key=lambda each: (traits[each][3], each))
    if sum(traits[each][3] == traits[right][3] for each in fits) > 1:
        return confidants(draw)
    want = "someone who just hears her out" if needs[0] == "only listens" else "to be told what to do"
    private = (
        "nobody else must hear of it"
        if needs[1] == "keeps things private"
        else "she would be glad if others heard of it through that person"
    )
    when = (
        "it has to be tonight"
        if needs[2] == "is free tonight"
        else "not now; it can wait until next week, and she rather wants someone who is away at the moment"
    )
    ask = f"Mia says that she needs {want}, that {private}, and: {when}. Of those who fit all of that she would choose the one who has known her longest. Whom?"
    return chosen(f"{told_in(told)} {ask}", right, people)


def messages(draw: random.Random) -> Draft:
    """Messages whose words say the opposite of what is felt."""
    lines = draw.sample(
        [
            ("I'm not unhappy with it, if I'm honest, rather the reverse.", "content"),
            ("Great. The third flight cancelled today. Just what I needed.", "annoyed"),
            ("No, no, go without me. I'll manage. I always do.", "hurt"),
            ("I can't say I wasn't worried, but that's over since the call.", "relieved"),
            ("I'd be lying if I said I could sleep before that scan.", "afraid"),
            ("Oh, wonderful, he forgot it again. What a surprise.", "annoyed"),
            ("Don't think I am sad that it's finally over. I could dance.", "content"),
            ("It isn't that I mind being the only one not asked.", "hurt"),
            ("Not that I expected the doctor to say it's nothing, but he did!", "relieved"),
            ("I keep checking the door, silly as that is.", "afraid"),
        ],
        6,
    )
    wanted = draw.choice(sorted({feeling for _, feeling in lines}))
    numbers = [str(at) for at, (_, feeling) in enumerate(lines, 1) if feeling == wanted]
    told = "\n".join(f"{at}. {text}" for at, (text, _) in enumerate(lines, 1))
    ask = f"Each writer is most of all content, annoyed, hurt, relieved or afraid. Give the numbers of all whose writer is {wanted}, in order."
    return textual(f"{told}\n\n{ask}", ", ".join(numbers), "numbers, separated by commas")


def foreign_messages(draw: random.Random) -> Draft:
    """Messages in several languages, some of whose words say the opposite of what is felt."""
    lines = draw.sample(
        [
            ("Na toll, schon wieder eine Absage.", "disappointed"),
            ("Ich kann nicht sagen, dass ich nicht stolz auf dich wäre.", "proud"),
            ("Menos mal, creía que lo habíamos perdido todo.", "relieved"),
            ("No es que me dé igual que nadie viniera.", "disappointed"),
            ("Ce n'est pas sans fierté que je te montre ce tableau.", "proud"),
            ("Ouf, le médecin dit que ce n'était rien.", "relieved"),
            ("Non pensavo di farcela, e invece guarda che medaglia!", "proud"),
            ("Speravo tanto in quella lettera, e non è arrivata.", "disappointed"),
            ("Gott sei Dank, der Schlüssel war doch in der Tasche.", "relieved"),
        ],
        6,
    )
    wanted = draw.choice(sorted({feeling for _, feeling in lines}))
    numbers = [str(at) for at, (_, feeling) in enumerate(lines, 1) if feeling == wanted]
    told = "\n".join(f"{at}. {text}" for at, (text, _) in enumerate(lines, 1))
    ask = f"Each writer is most of all disappointed, proud or relieved. Give the numbers of all whose writer is {wanted}, in order."
    return textual(f"{told}\n\n{ask}", ", ".join(numbers), "numbers, separated by commas")


def scales(draw: random.Random) -> Draft:
    """Words of a feeling in order of its strength."""
    scale = draw.choice(
        (
            ["content", "happy", "delighted", "ecstatic"],
            ["uneasy", "worried", "frightened", "terrified"],
            ["annoyed", "angry", "furious"],
            ["disappointed", "sad", "miserable", "devastated"],
        )
    )
    people = draw.sample(NAMES, len(scale))
    clues = [f"{name} is {word}" for name, word in zip(people, scale, strict=True)]
    draw.shuffle(clues)
    other = draw.choice([each for each in NAMES if each not in people])
    at = draw.randrange(1, len(scale))
    clues.append(
        f"{other} feels the same as {people[at]}, but more strongly than {people[at - 1]}"
        + ("" if at == len(scale) - 1 else f" and less than {people[at + 1]}")
    )
    clues.append(f"since then {people[0]} has come to feel as strongly as {people[-1]}")
    ask = f"How many of the {len(people) + 1} people now feel at least as strongly as {people[at]}?"
    count = sum(index >= at for index in range(1, len(scale))) + 1 + 1
    return numeric(f"{told_in(clues)} {ask}", count)


def promises(draw: random.Random) -> Draft:
    """Who has reason to feel let down."""
    people = draw.sample(NAMES, 5)
    told: list[str] = []
    open_: set[tuple[str, str]] = set()
    for at in range(8):
        one, other = draw.sample(people, 2)
        kind = draw.choice(("promise", "promise", "keep", "release")) if at > 1 else "promise"
        if kind == "promise":
            open_.add((one, other))
            told.append(f"{one} promises {other} help")
        elif kind == "keep":
            told.append(f"{one} helps {other} as promised" if (one, other) in open_ else f"{one} does not help {other}")
            open_.discard((one, other))
        else:
            told.append(f"{other} releases {one} from any promise")
            open_.discard((one, other))
    let_down = sorted({other for _, other in open_})
    ask = "Nothing else happens, and the time for help is over. Who has reason to feel let down, as a promise to them was neither kept nor released? Name them in order of the alphabet, or answer 'nobody'."
    return textual(f"{told_in(told)} {ask}", ", ".join(let_down) or "nobody", "names, separated by commas")


def sides(draw: random.Random) -> Draft:
    """Who feels excluded from groups."""
    people = draw.sample(NAMES, 6)
    invited = {each: set(draw.sample([other for other in people if other != each], 3)) for each in people}
    knows = {each: draw.random() < 0.6 for each in people}
    told = [
        f"{each} invites {', '.join(sorted(invited[each]))}, and {'everybody hears of it' if knows[each] else 'only those invited hear of it'}"
        for each in people
    ]
    hurt = {
        each: sum(knows[other] and each not in invited[other] for other in people if other != each) for each in people
    }
    order = sorted(people, key=lambda each: (-hurt[each], each))
    ask = "Everyone is hurt by each invitation of another to which they are not invited and of which they hear. List all six by how often they are hurt, the most first, equal ones by name."
    return listing(f"{told_in(told)} {ask}", order)


TEMPLATES: Mapping[str, Template] = {
    each.__name__: each
    for each in (
             outcomes, feelings_of_each, grudges, moods,
        confidants, messages, foreign_messages, scales,    promises,  sides,
    )
}  # fmt: skip
