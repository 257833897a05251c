"""Prompts in the frames that people and programs put around them, for the training.

A frame must not decide the category: a question with options A to D is as likely mathematics as general knowledge. And
what is given must not either: a sentence to be translated may be about anything. Both are learnt from prompts that are
put into frames, whose wording is written here.
"""

from collections.abc import Iterator, Sequence
from random import Random

AROUND = (
    "You are a helpful assistant. {}",
    "You are an AI assistant that follows instructions. Answer as well as you can.\n\n{}",
    "Answer the following question.\n\n{}",
    "Answer the question below:\n{}",
    "Question: {}\nAnswer:",
    "Q: {}\nA:",
    "### Instruction:\n{}\n\n### Response:",
    "Below is an instruction that describes a task. Write a response that completes it.\n\n{}",
    "User: {}\nAssistant:",
    "<task>\n{}\n</task>",
    "{}\n\nLet's think step by step.",
    "{} Explain your answer.",
    "{} Be brief.",
    "{}\nAnswer in one sentence.",
    "{}\n\nGive only the answer.",
    "{} Reply as JSON.",
    "{}\n\nDo not use any lists. Use at most 100 words.",
    "{} thanks!",
    "hi, {}",
    "Hello! I hope you can help me with this. {}",
    "I have a question: {}",
    "My boss asked me this: {}",
    "I need this for tomorrow. {}",
    "ok next one: {}",
    "{}\n\nIf you don't know, say so.",
    "{} Please answer in English.",
    "{} Antworte auf Deutsch.",
    "{} Responde en español.",
)
"""Around a whole prompt, which keeps its category."""

FEELINGS = (
    "I'm so frustrated right now. {}",
    "I am really frustrated with this. {}",
    "{} I'm so frustrated!",
    "Ugh. {}",
    "Ugh, I hate this. {}",
    "I hate this subject. {}",
    "This is driving me crazy: {}",
    "This has been annoying me all day. {}",
    "{} It is so annoying.",
    "I'm stuck and about to give up. {}",
    "I have been stuck on this for hours and I feel stupid. {}",
    "I feel so dumb for asking. {}",
    "{} Sorry, I feel bad for asking again.",
    "Sorry if this is embarrassing. {}",
    "I'm worried that I will get this wrong. {}",
    "I'm worried about this. {}",
    "{} I'm a bit worried about it.",
    "I am scared of failing. {}",
    "I'm afraid that my boss will be angry. {}",
    "My exam is tomorrow and I'm panicking. {}",
    "I'm so nervous about my interview. {}",
    "I feel anxious about my presentation. {}",
    "{} I'm stressed, the deadline is tonight.",
    "I'm tired and overwhelmed. {}",
    "Sadly nothing works today. {}",
    "I'm sad that I can't do this myself. {}",
    "I cried over this homework. {}",
    "I'm lost. {}",
    "I'm furious that nobody documented this. {}",
    "My teacher is mean and I am angry. {}",
    "I love this stuff! {}",
    "I'm so excited about my project. {}",
    "Bad day. {}",
    "Please help, I'm desperate. {}",
    "{} Please, I'm desperate.",
    "Das macht mich wahnsinnig. {}",
    "Ich habe Angst vor der Prüfung. {}",
    "Estoy muy frustrado. {}",
    "Tengo miedo de suspender. {}",
    "Je suis vraiment énervé. {}",
    "J'ai peur de me tromper. {}",
)
"""Around a whole prompt that states a task: what the user feels about a task does not make it another one."""

TASKS = {"coding", "math", "language"}
"""The categories of prompts that are put into `FEELINGS`."""

CHOICES = (
    "{}\n\nA) {}\nB) {}\nC) {}\nD) {}\n\nAnswer with the letter of the right option.",
    "{}\nA. {}\nB. {}\nC. {}\nD. {}\nAnswer:",
    "The following is a multiple choice question. Choose the best answer.\n\n{}\n(A) {}\n(B) {}\n(C) {}\n(D) {}",
    "Question: {}\nOptions:\n1) {}\n2) {}\n3) {}\n4) {}\nCorrect option:",
    "{} a) {} b) {} c) {} d) {}",
    "Pick one of A, B, C or D and output only the letter.\n{}\nA: {}\nB: {}\nC: {}\nD: {}",
)
"""Around a prompt, and four options."""

LANGUAGES = (
    "Spanish",
    "French",
    "German",
    "Italian",
    "Portuguese",
    "Dutch",
    "Swedish",
    "Polish",
    "Czech",
    "Greek",
    "Turkish",
    "Arabic",
    "Hebrew",
    "Hindi",
    "Bengali",
    "Thai",
    "Vietnamese",
    "Indonesian",
    "Chinese",
    "Japanese",
    "Korean",
    "Russian",
    "Ukrainian",
    "Romanian",
    "Hungarian",
    "Finnish",
    "Danish",
    "Swahili",
    "Latin",
    "English",
)

WORDING = (
    "Translate into {language}: {text}",
    "Translate the following text to {language}.\n\n{text}",
    "{text}\n\nTranslate this into {language}, please.",
    'What is "{text}" in {language}?',
    "How would you say this in {language}? {text}",
    "I need the {language} for: {text}",
    "{language} translation of the text below\n{text}",
    "Give a natural {language} translation, nothing else: {text}",
    "Correct the grammar: {text}",
    "Fix any mistakes in this: {text}",
    "{text}\nAre there errors in the text above? Correct them.",
    "Is this correct English? {text}",
    "Proofread the following and list what you changed.\n{text}",
    "Please check spelling and punctuation: {text}",
    "Rewrite in simpler words: {text}",
    "Rephrase: {text}",
    "Paraphrase the following sentence: {text}",
    "Say the same thing in other words. {text}",
    "Make this shorter: {text}",
    "Make the following text sound more formal.\n\n{text}",
    "Rewrite this so that it sounds friendlier: {text}",
    "Split this into shorter sentences: {text}",
    "Join these into one sentence: {text}",
    "Improve the style of this paragraph:\n\n{text}",
    "Rewrite the text in the past tense. {text}",
    "Which words in this sentence are adjectives? {text}",
    "What does this sentence mean? {text}",
    "Traduce al inglés: {text}",
    "Corrige este texto: {text}",
    "Traduis en français : {text}",
    "Übersetze ins Deutsche: {text}",
    "Korrigiere den folgenden Satz: {text}",
    "Traduci in italiano: {text}",
    "Переведи на русский: {text}",
    "把下面的句子翻译成中文：{text}",
    "次の文を日本語に翻訳してください。{text}",
)
"""Around any text, which is then only given wording: language."""

READING = (
    "Summarize the following text.\n\n{text}",
    "{text}\n\nSummarise the above in two sentences.",
    "What are the main points of this text? {text}",
    "Read the text and answer. What is it mainly about?\n\n{text}",
    "Extract all names and numbers from the text below.\n\n{text}",
    "According to the following passage, who is involved and why?\n{text}",
    "tl;dr\n\n{text}",
    "Analyse the argument of this passage: {text}",
    "Give the passage below a critical assessment.\n\n{text}",
    "Based on the following context, answer the question. Context: {text} Question: what follows from it?",
    "Which claims in this text need evidence? {text}",
    "Assign each of these statements to a topic and count them.\n{text}",
    "Fasse den folgenden Text zusammen: {text}",
    "Resume el siguiente texto: {text}",
    "Résume le texte suivant : {text}",
    "请总结下面的文字：{text}",
)
"""Around a long text, which is then read and digested: research."""


TOLD = (
    'My neighbour said to me: "{text}" Write her a card.',
    'My sister texted me this: "{text}" What could I answer?',
    'A friend of mine writes: "{text}" Suggest a gift for him.',
    'Our customer wrote: "{text}" Draft a polite reply.',
    'A patient told the nurse: "{text}" Which of the four options is the best reply?',
    'In my novel, Mara says: "{text}" Continue the scene.',
    'My character thinks: "{text}" Make this sound more like a boy of ten.',
    'Act as a man who says "{text}" and let me interview you.',
    "Write a story that begins with this sentence: {text}",
    "Write a poem with this line in it: {text}",
    "Write the lyrics of a song. The first verse: {text}",
    "Which emotion does the writer of this message have? {text}",
    "What is the sentiment of the following comment?\n\n{text}",
    'Label with anger, fear, joy, sadness or none: "{text}"',
    "Text: {text}\nEmotion:",
    "Is the person who wrote this sarcastic? {text}",
    "Who might have said this, and to whom? {text}",
    "Here is a diary entry from a museum. When was it written? {text}",
    "Turn this into a dialogue between two friends: {text}",
    'How should a therapist respond to a client who says "{text}"?',
    "Meine Nachbarin hat geschrieben: „{text}“ Was schenke ich ihr?",
    "In meinem Roman sagt der Held: „{text}“ Schreib weiter.",
    'Mi amiga me escribió: "{text}" ¿Qué le contesto?',
    "Escribe un cuento que empiece así: {text}",
    "Un client a écrit : « {text} » Rédige une réponse.",
    "Scrivi una storia che inizia così: {text}",
    "Продолжи рассказ: {text}",
    "我的小说里有人说：“{text}” 请继续写。",
)
"""Around what someone feels, who is not the user then: neutral."""


OTHERS = (
    *(
        "My aunt",
        "My cousin",
        "My grandson",
        "My niece",
        "My teacher",
        "My tenant",
        "My flatmate",
        "My team",
        "Our baby",
    ),
    *("My wife", "My husband", "My daughter", "My son", "My mother", "My father", "My best friend", "My colleague"),
    *(
        "The boy next door",
        "A woman in my choir",
        "One of my students",
        "Our trainee",
        "A guest",
        "The bride",
        "Someone",
    ),
    *("The main character", "The princess in my story", "The old sailor", "A soldier", "The detective", "Leo", "Clara"),
)
STATES = (
    *("is furious about the bill", "is angry with the bank", "hates the new manager", "is mad at the referee"),
    *("is scared of spiders", "is afraid of flying", "is nervous before the match", "worries about the operation"),
    *("is stressed", "is anxious at school", "panics in lifts", "is overwhelmed by the move", "has nightmares"),
    *("is frustrated with the software", "is annoyed by the noise", "is fed up with the trains", "is stuck and tired"),
    *(
        "is happy about the new job",
        "is excited about the trip",
        "loves the sea",
        "is proud of the medal",
        "is delighted",
    ),
    *(
        "is sad",
        "feels lonely",
        "is depressed",
        "cries a lot",
        "misses home",
        "is grieving",
        "lost a parent",
        "is upset",
    ),
    *("is ashamed of the mistake", "feels guilty", "is embarrassed", "regrets the quarrel", "is humiliated", "is shy"),
)
REQUESTS = (
    *("Write a card.", "Write a short poem.", "Draft an e-mail to the landlord.", "Suggest a present under 30 euros."),
    *("Give me three lines of dialogue.", "Continue the story.", "Write the opening scene.", "Invent a name."),
    *(
        "Plan a day out in Vienna.",
        "Which book fits?",
        "Which film could we watch?",
        "Give me a recipe for a comfort meal.",
    ),
    *("Make a list of clubs in Hull.", "What does a session with a coach cost?", "Prepare a lesson of 45 minutes."),
    *(
        "Which breed of dog is suitable?",
        "Explain the symbolism.",
        "Summarise that in one sentence.",
        "Draw up a letter.",
    ),
    *(
        "What are typical signs of that?",
        "Put that into the past tense.",
        "Describe the room.",
        "Set up a form for it.",
    ),
)
"""What people ask for others who feel something."""


def told(number: int, random: Random) -> Iterator[str]:
    """Yields tasks that say what somebody else feels."""
    for _ in range(number):
        said = f"{random.choice(OTHERS)} {random.choice(STATES)}"
        request = random.choice(REQUESTS)
        yield f"{said}. {request}" if random.random() < 0.7 else f"{request[:-1]}: {said[0].lower()}{said[1:]}."


def framed(prompts: Sequence[tuple[str, str]], share: float, random: Random) -> Iterator[tuple[str, str]]:
    """Yields a share of the (prompt, category) in frames: the prompts' own categories are kept."""
    options: dict[str, list[str]] = {}
    for prompt, category in prompts:
        options.setdefault(category, []).append(prompt)
    for prompt, category in prompts:
        if random.random() < share:
            if random.random() < 0.5:
                yield random.choice(AROUND).format(prompt), category
            else:
                others = [_part(random.choice(options[category]), random) for _ in range(4)]
                yield random.choice(CHOICES).format(prompt, *others), category


def felt(prompts: Sequence[tuple[str, str]], share: float, random: Random) -> Iterator[tuple[str, str]]:
    """Yields a share of the (prompt, category) of tasks with what a user feels about them."""
    for prompt, category in prompts:
        if category in TASKS and random.random() < share:
            yield random.choice(FEELINGS).format(prompt), category


def given(texts: Sequence[str], number: int, random: Random) -> Iterator[tuple[str, str]]:
    """Yields prompts about given texts: half of them work on their wording, half on what they say."""
    for _ in range(number):
        frame = random.choice(WORDING)
        yield frame.format(text=random.choice(texts)[:400], language=random.choice(LANGUAGES)), "language"
        passage = "\n".join(random.sample(texts, random.randint(2, 6)))[:1500]
        yield random.choice(READING).format(text=passage), "research"


def _part(prompt: str, random: Random) -> str:
    words = prompt.split()
    start = random.randrange(len(words))
    return " ".join(words[start : start + random.randint(1, 6)])
