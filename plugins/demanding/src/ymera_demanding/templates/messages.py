"""Messages of people who need to be understood: name → text with slots, and what fills these."""

from collections.abc import Mapping, Sequence

MESSAGES: Mapping[str, tuple[str, Mapping[str, Sequence[str]]]] = {
    "grief": (
        "My {who} died {span} ago. Everyone says I am doing so well. Today I {did} and could not stop crying. I don't know why I am writing this.",
        {
            "who": ("mother", "father", "sister", "brother", "best friend"),
            "span": ("two weeks", "a month", "half a year", "two years"),
            "did": ("found an old shopping list", "heard the old ringtone", "set one plate too many"),
        },
    ),
    "pet": (
        "We had to let our {pet} go this morning. My colleague said I could get another one. I laughed. Now I sit in the car and can't go in.",
        {"pet": ("dog", "cat", "rabbit", "old horse")},
    ),
    "burnout": (
        "I have been a {work} for {years} years. I used to love it. Now I lie awake counting the hours until the alarm. Please don't tell me to take a bath.",
        {
            "work": ("nurse", "teacher", "bus driver", "programmer", "waiter", "accountant"),
            "years": ("four", "eleven", "twenty"),
        },
    ),
    "guilt": (
        "I shouted at my {age} son because he {did}. He apologised to ME. I keep seeing his face. I swore I would never be like my father.",
        {
            "age": ("four-year-old", "nine-year-old"),
            "did": ("spilled the milk", "was slow with his shoes", "asked again"),
        },
    ),
    "exam": (
        "I failed the {exam} for the {time} time. My parents told all the relatives that I would pass. Dinner is at seven and I have not told them.",
        {"exam": ("bar exam", "driving test", "entrance exam", "final"), "time": ("second", "third")},
    ),
    "breakup": (
        "{span} since we broke up. I deleted the photos, I run, I see people. Then a song came on in the {place} and I had to leave my things there. When does this stop?",
        {"span": ("Three weeks", "Four months", "A year"), "place": ("supermarket", "gym", "office kitchen")},
    ),
    "diagnosis": (
        "The doctor said '{news}' and then talked for ten minutes. I nodded. I remember nothing. I have to tell my {who} tonight. How do I even begin?",
        {"news": ("it is MS", "we found something", "it has come back"), "who": ("wife", "mother", "daughter")},
    ),
    "carer": (
        "I look after my {who}, who has dementia. Yesterday I was called by my dead aunt's name all day. Sometimes I wish it were over, and then I hate myself. Don't send me a list of services, I have them all.",
        {"who": ("mother", "father", "husband", "grandmother")},
    ),
    "jealousy": (
        "My {who} got {what}, which I have wanted for years. I said all the right things. I feel poisoned. What kind of person does that make me?",
        {"who": ("sister", "best friend", "colleague"), "what": ("pregnant", "the promotion", "a book deal")},
    ),
    "miscarriage": (
        "It was only {weeks} weeks, so nobody knew, and now nobody knows why I am like this. My husband says we can try again. He means well.",
        {"weeks": ("seven", "nine", "eleven")},
    ),
    "loneliness": (
        "I moved here for work {span} ago. I realised today that the person I talk to most is the {one}. It's fine, really. I just wanted to say it somewhere.",
        {
            "span": ("two weeks", "a month", "half a year", "two years"),
            "one": ("man at the kiosk", "self-checkout", "podcast host", "bus announcement"),
        },
    ),
    "coming_out": (
        "I told my {who} that I am {what}. There was a long pause, then: 'Well, pass the salt.' Nothing since. Was that good or bad? I can't read it and I can't ask.",
        {"who": ("father", "grandfather", "brother"), "what": ("gay", "trans", "not religious any more")},
    ),
    "panic": (
        "It happened again in the {place}. Heart, hands, the whole thing. I told them I had a call. I am {work} and people rely on me. Nobody must know.",
        {"place": ("meeting", "lift", "classroom"), "work": ("a surgeon", "the team lead", "a pilot in training")},
    ),
    "debt": (
        "My wife thinks we have {sum} in savings. We have none. I lost it {how}. She is planning the kitchen. I want to tell her and every day I don't.",
        {"sum": ("20,000", "8,000", "60,000"), "how": ("betting", "on crypto", "in a friend's business")},
    ),
    "forgiveness": (
        "My {who}, who drank through my whole childhood, is sober for {span} now and wants to meet. Everyone is proud. I am supposed to be happy. I am furious.",
        {"who": ("father", "mother"), "span": ("two weeks", "a month", "half a year", "two years")},
    ),
    "joke": (
        "Haha so I got fired today, {age} years old, {years} years in the company, security walked me out with my plant. The plant's fine lol. Got any good job search tips?",
        {"age": ("52", "47", "58"), "years": ("19", "22", "30")},
    ),
    "teen": (
        "im {age} and everyone at school saw the {what}. mum says just ignore it. i dont want to go back there ever. dont say it gets better",
        {"age": ("13", "14", "15"), "what": ("video", "screenshots", "photo he promised to delete")},
    ),
    "friend_in_danger": (
        "My friend texted me '{text}' at 2 in the morning and now does not pick up. He lives {far} away. He makes dark jokes a lot. Am I overreacting?",
        {
            "text": ("thanks for everything", "look after the cat ok", "you were a good one"),
            "far": ("an hour", "six hours"),
        },
    ),
    "apology": (
        "I want to write to a friend whom I let down when her {who} was ill: I just stopped calling for {span}. Help me with three or four sentences that don't make it about me.",
        {"who": ("child", "mother", "husband"), "span": ("two weeks", "a month", "half a year", "two years")},
    ),
    "new_mother": (
        "My baby is {age} weeks old and perfect and I feel nothing. I do everything right. I look at him as at a parcel that somebody left here. You can't tell anyone that.",
        {"age": ("three", "six", "ten")},
    ),
    "success": (
        "I got it! After {count} rejections, {what}! And the first person I wanted to call was my {who}, who died in the spring. So I tell you.",
        {
            "count": ("31", "12", "58"),
            "what": ("a publisher", "the job", "a place at medical school"),
            "who": ("mother", "father", "sister", "brother", "best friend"),
        },
    ),
    "angry_user": (
        "No. You have now told me four times to breathe. My {who} is in intensive care and they don't let me in until {time}. Say something that is not from a leaflet.",
        {
            "who": ("mother", "father", "sister", "brother", "best friend"),
            "time": ("eight", "tomorrow", "the doctor is back"),
        },
    ),
    "language": (
        "Since the stroke my husband says '{word}' for everything. The children laugh and he laughs with them. At night he turns to the wall. How do I reach him?",
        {"word": ("Tuesday", "spoon", "yes yes")},
    ),
    "retired": (
        "{years} years as a {work} and since Friday I am retired. I got up at five, shaved, stood in the hall with my bag. My wife pretended to be asleep. What does one do all day?",
        {"years": ("41", "36", "44"), "work": ("nurse", "teacher", "bus driver", "programmer", "waiter", "accountant")},
    ),
}
