import gzip
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ymera_lexical.classifier import SIMPLEST, LexicalClassifier

from ymera_service.sdk.classifiers import CATEGORIES, EMOTIONS, Classifier, Reading
from ymera_service.sdk.content import Media, MediaKind, Message, Role, Text, user
from ymera_service.sdk.generation import Prompt
from ymera_service.sdk.testing.contracts.classifiers import ClassifierContract

DATA = Path(__file__).parents[3].parent / "shared" / "routing" / "dev"
CLASSIFIER = LexicalClassifier()


class TestContract(ClassifierContract):
    @pytest.fixture
    def classifier(self) -> Classifier:
        return CLASSIFIER


def read(*texts: str) -> Reading:
    return CLASSIFIER.read(Prompt(tuple(map(user, texts))))


def classify(*texts: str) -> Mapping[str, float]:
    return read(*texts).categories


def felt(*texts: str) -> str:
    emotions = read(*texts).emotions
    return max(emotions, key=lambda emotion: emotions[emotion])


def complexity(*texts: str) -> float:
    found = read(*texts).complexity
    assert found is not None
    return found


def best(*texts: str) -> str:
    probabilities = classify(*texts)
    return max(probabilities, key=lambda category: probabilities[category])


@cache
def rows(table: str) -> list[dict[str, str]]:
    path = DATA / f"{table}.jsonl.gz"
    if not path.exists():
        pytest.skip("the shared routing data is not beside the checkout")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def test_it_is_a_classifier_and_knows_all_categories() -> None:
    assert isinstance(CLASSIFIER, Classifier)
    assert CLASSIFIER.name == "lexical"
    assert set(classify("hello")) == set(CATEGORIES)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Write hello world in Python", "coding"),
        ("Why does my Rust program not compile? error[E0382]: borrow of moved value: `v`", "coding"),
        ("What is 17 * 23?", "math"),
        ("A farmer has 17 sheep and buys 5 more each week. How many sheep has he after 6 weeks?", "math"),
        ("Summarize the literature on the effects of sleep deprivation on memory consolidation", "research"),
        ("Translate 'good morning' into Spanish", "language"),
        ("Correct the grammar of this sentence: He go to school every days.", "language"),
        ("My father died last month and I don't know how to go on", "empathy"),
        ("Suggest a recipe for dinner with tomatoes and eggs", "general"),
        ("Escribe una función en Python que ordene una lista", "coding"),
        ("Ich fühle mich so einsam seit der Trennung", "empathy"),
        ("Переведи это предложение на английский: Я люблю читать книги", "language"),
        ("请把这句话翻译成英文：今天天气很好", "language"),
    ],
)
def test_plain_cases_are_recognised(text: str, category: str) -> None:
    assert best(text) == category


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("You are an expert assistant. Always be honest.\n\nSolve for y: 4y + 9 = 2y - 11", "math"),
        ("A jar holds 14 mints and 22 toffees. How many sweets are in 3 jars?\nA. 36\nB. 72\nC. 108\nD. 118", "math"),
        ("### Instruction:\nWrite a Java method that reverses a queue\n\n### Response:", "coding"),
        ("Prompt: my wife left and I cry every night, I feel worthless\nReply:", "empathy"),
        ("How would you put this in Norwegian? The committee computed 14% of the 2019 budget.", "language"),
    ],
)
def test_neither_what_stands_around_a_request_nor_what_it_is_about_hides_it(text: str, category: str) -> None:
    assert best(text) == category


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("honestly losing my mind over this CSS, how do I center a div vertically", "coding"),
        ("My code doesn't compile and I'm so frustrated", "coding"),
        ("I feel hopeless with probability. Two dice are rolled; what is the chance the sum is 9?", "math"),
        ("I'm mortified by my French. Please correct: Je suis allé à le magasin hier.", "language"),
        ("I'm terrified of flying. How does the safety record of the A320 compare with the Boeing 737?", "research"),
        ("I failed my calculus exam and I can't stop crying", "empathy"),
        ("After ten years of coding I'm burnt out and feel nothing", "empathy"),
        ("I'm terrified of flying and my sister's wedding is overseas. I don't want to let her down.", "empathy"),
    ],
)
def test_a_feeling_about_a_task_does_not_hide_it_nor_a_subject_a_feeling(text: str, category: str) -> None:
    assert best(text) == category


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("I am so angry at my sister, she lied to me again", "anger"),
        ("I'm terrified of the operation next week", "anxiety"),
        ("ugh, this build keeps failing and nothing I try works", "frustration"),
        ("We won! I'm so happy, thank you", "joy"),
        ("I feel so lonely since my husband died", "sadness"),
        ("I'm ashamed that I lied to her, it was all my fault", "shame"),
        ("Ich bin so traurig, mein Hund ist gestorben", "sadness"),
        ("J'ai très peur de l'opération", "anxiety"),
        ("Estoy muy feliz, gracias", "joy"),
        ("我很害怕", "anxiety"),
        ("What is the boiling point of water?", "neutral"),
        ("Write a function that merges two sorted lists", "neutral"),
        ("What are the symptoms of anxiety?", "neutral"),
    ],
)
def test_the_users_emotion_is_read(text: str, emotion: str) -> None:
    assert set(read(text).emotions) == set(EMOTIONS)
    assert felt(text) == emotion


OF_OTHERS = [
    "My aunt is heartbroken over her dog, could you write a short poem for her?",
    "My roommate panics before every exam. What tea calms people down?",
    "Our cleaner looked really sad today. What small present would be nice?",
    "My brother is raging at his internet provider, please write the cancellation for him",
    "Write a chapter in which Thomas weeps at the station because Lea has gone",
    "What does the fox feel when the little prince leaves?",
    "My parents are lonely in the village; what could a weekly visit include?",
    "Explain why Ophelia despairs",
    "Ali feels guilty because he copied in the test. Write the next paragraph",
    "Imagine a knight who is terrified of horses and describe his morning",
    "Ben got socks again for his birthday and says 'great'. How does he really feel?",
    "The reviewer says the food was disgusting and the waiter rude. Answer on behalf of the restaurant",
    "My pupil is frightened of dogs, plan a lesson about animals that helps",
    "Mi abuelo está deprimido, ¿qué juegos de mesa le gustarían?",
    "Il mio personaggio piange spesso. Dagli un nome",
    "Mon voisin est furieux contre le syndic. Rédige sa lettre",
]
OF_THE_USER = [
    ("My dog died and I'm heartbroken", "sadness"),
    ("I panic before every exam and can't breathe", "anxiety"),
    ("I'm raging at my internet provider, they stole my money", "anger"),
    ("I'm so ashamed of my accent that I don't speak at all", "shame"),
    ("My wife left me and I don't know how to live without her", "sadness"),
    ("My colleague screamed at me in front of everyone and I am furious with him", "anger"),
    ("My mother is in hospital and I'm terrified for her", "anxiety"),
    ("It broke again, third time this month, I'm so tired of this", "frustration"),
    ("My girlfriend and I are going to Japan, I'm thrilled!", "joy"),
    ("J'ai peur que mon mari me quitte", "anxiety"),
    ("我奶奶去世了，我很伤心", "sadness"),
    ("Mi abuelo murió ayer y estoy muy triste", "sadness"),
]


def test_what_others_feel_is_mostly_not_taken_for_the_users_emotion() -> None:
    assert sum(felt(text) == "neutral" for text in OF_OTHERS) / len(OF_OTHERS) >= 0.7
    assert sum(felt(text) == emotion for text, emotion in OF_THE_USER) / len(OF_THE_USER) >= 0.8


def test_only_the_latest_message_is_read_for_emotion_and_complexity() -> None:
    before, after = "I am so angry, nothing works", "What is the capital of Peru?"
    assert read(before, after).emotions == read(after).emotions
    assert complexity(before, after) == complexity(after)


@pytest.mark.parametrize(
    ("simpler", "harder"),
    [
        ("hi", "Write a polite email to decline an invitation"),
        (
            "What is the capital of Peru?",
            "Compare the economies of Peru and Chile since 1990 and explain the differences",
        ),
        ("Print hello world", "Implement a concurrent hash map with lock-free reads, and prove that it is correct"),
        ("2 + 2?", "Prove that every bounded sequence of real numbers has a convergent subsequence"),
        (
            "Wie spät ist es?",
            "Entwirf eine Architektur für ein verteiltes Zahlungssystem und begründe jede Entscheidung",
        ),
    ],
)
def test_a_more_demanding_request_is_more_complex(simpler: str, harder: str) -> None:
    assert complexity(simpler) < 0.3
    assert complexity(harder) > complexity(simpler) + 0.15


@pytest.mark.parametrize(
    "text",
    [
        *(
            "good morning",
            "Hi!",
            "hello, how are you?",
            "How’s it going?",
            "thanks a lot!!",
            "ok thanks",
            "Good night :)",
        ),
        *(
            "¡Hola! ¿Qué tal?",
            "Guten Morgen",
            "bonjour, ça va ?",
            "早上好！",
            "おはようございます",
            "привет, как дела?",
        ),
    ],
)
def test_small_talk_has_no_complexity(text: str) -> None:
    assert complexity(text) == 0.0


@pytest.mark.parametrize(
    "texts",
    [
        *(
            ("hi, what is 2 + 2?",),
            ("good morning in Spanish",),
            ("hi, my mother died",),
            ("hi there, I can't breathe",),
        ),
        *(("ok",), ("then again",), ("yes",), ("?",), ("Prove that P is not NP", "thanks")),
        ("I don't want to live any more", "hello?"),
        *(("hi `TypeError`",), ("hello $AAPL?",), ("hi =2+2",), ("thanks 'entropy'",), ("hey /help",)),
    ],
)
def test_anything_else_has_and_so_has_what_follows_a_request(texts: Sequence[str]) -> None:
    assert complexity(*texts) >= SIMPLEST


def test_a_request_is_not_complex_because_a_long_text_is_given() -> None:
    assert complexity("Fix the spelling of this text:\n" + "The council met and talked about the budgett. " * 20) < 0.6


@pytest.mark.parametrize(
    ("label", "emotion", "floor"), [("gratitude", "joy", 0.8), ("fear", "anxiety", 0.4), ("neutral", "neutral", 0.6)]
)
def test_weights_of_emotions_and_features_belong_together(label: str, emotion: str, floor: float) -> None:
    texts = [row["prompt"] for row in rows("emotions") if [*row["emotions"]] == [label]][:500]
    assert sum(felt(text) == emotion for text in texts) / len(texts) >= floor


HELD_OUT = [
    ("categories", "aqua", "math", 0.9),
    ("categories", "llmrouter-natural_qa", "general", 0.7),
    ("outcomes_zeroeval", "zeroeval-crux", "coding", 0.9),
]


@pytest.mark.parametrize(("table", "source", "category", "floor"), HELD_OUT)
def test_sources_that_were_left_out_of_the_training_are_recognised(
    table: str, source: str, category: str, floor: float
) -> None:
    prompts = [row["prompt"] for row in rows(table) if row["source"] == source]
    assert len(prompts) > 100
    assert sum(best(prompt) == category for prompt in prompts) / len(prompts) >= floor


def test_weights_and_features_belong_together() -> None:
    right, seen = defaultdict[str, int](int), defaultdict[str, int](int)
    for row in rows("categories"):
        seen[row["category"]] += 1
        right[row["category"]] += best(row["prompt"]) == row["category"]
    assert {category for category in seen if right[category] / seen[category] < 0.75} == set()


def test_probabilities_are_as_often_right_as_they_say() -> None:
    probabilities = [classify(row["prompt"]) for row in rows("categories")]
    hits = [
        max(p, key=lambda c: p[c]) == row["category"] for p, row in zip(probabilities, rows("categories"), strict=True)
    ]
    sure = [hit for p, hit in zip(probabilities, hits, strict=True) if max(p.values()) > 0.9]
    unsure = [hit for p, hit in zip(probabilities, hits, strict=True) if max(p.values()) < 0.5]
    assert sum(sure) / len(sure) > 0.9
    assert sum(unsure) / len(unsure) < 0.8


@given(st.text())
def test_any_text_has_probabilities_that_add_up_to_one(text: str) -> None:
    probabilities = classify(text)
    assert abs(sum(probabilities.values()) - 1) < 1e-9
    assert min(probabilities.values()) > 0
    assert classify(text) == probabilities


@pytest.mark.parametrize(
    "messages",
    [
        (),
        (user(""),),
        (user(" \n\t"),),
        (Message(Role.SYSTEM, (Text("Be brief."),)),),
        (Message(Role.USER, (Media(MediaKind.IMAGE, "image/png", b"x"),)),),
    ],
)
def test_a_prompt_without_a_users_text_has_the_probabilities_of_any_prompt(messages: tuple[Message, ...]) -> None:
    reading = CLASSIFIER.read(Prompt(messages))
    assert reading == Reading(probabilities := reading.categories)
    assert abs(sum(probabilities.values()) - 1) < 1e-9
    assert max(probabilities.values()) < 0.6


def test_a_short_reply_is_understood_from_what_was_said_before() -> None:
    code = "Write a Python function that parses a CSV file"
    assert classify(code, "now make it faster")["coding"] > classify("now make it faster")["coding"]
    assert best(code, "I feel so sad and lonely since my wife left me") == "empathy"
