"""What is chosen among real models before anything was measured, with the first-party classifier and prior."""

from collections.abc import Mapping, Sequence

import pytest
from ymera_lexical.classifier import LexicalClassifier
from ymera_published.facts import PublishedFacts
from ymera_published.prior import PublishedScores

from tests.unit.routing.conftest import Routing
from ymera_service.sdk.models import ModelInfo, Price

OLLAMA = ("llama3.2:1b", "llama3.2:3b", "qwen3:8b", "gemma3:4b", "mistral:7b", "phi4-mini:3.8b")
CATALOGUES: Mapping[str, Mapping[str, Sequence[str]]] = {
    "many vendors": {
        "openai": ("gpt-5.5", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-4o-mini"),
        "anthropic": ("claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5"),
        "gemini": ("gemini-3.1-pro-preview", "gemini-3.5-flash", "gemini-2.5-flash-lite"),
        "deepseek": ("deepseek-v4-flash", "deepseek-v4-pro"),
        "zai": ("glm-5.2",),
        "alibaba": ("qwen3.6-plus",),
        "groq": ("llama-3.3-70b-versatile",),
        "mistral": ("mistral-large-2512", "mistral-small-2603"),
        "xai": ("grok-4.3",),
        "ollama": ("llama3.2:1b", "qwen3:8b"),
    },
    "few strong models": {
        "openai": ("gpt-5.5", "gpt-5.4-nano", "gpt-4o-mini", "gpt-4.1-nano", "gpt-3.5-turbo"),
        "anthropic": ("claude-opus-4-8", "claude-sonnet-4-6", "claude-3-haiku-20240307"),
        "gemini": ("gemini-3.1-pro-preview", "gemini-2.5-flash-lite"),
        "mistral": ("mistral-small-2603", "ministral-8b-latest"),
        "bedrock": ("amazon.nova-micro-v1:0",),
        "groq": ("llama-3.1-8b-instant",),
        "ollama": OLLAMA,
    },
    "one vendor and models of one's own": {
        "anthropic": (
            "claude-opus-4-8",
            "claude-opus-4-5",
            "claude-sonnet-4-6",
            "claude-sonnet-4-5",
            "claude-haiku-4-5",
        ),
        "ollama": (
            *OLLAMA,
            "llama3.1:8b",
            "gemma2:9b",
            "gemma2:2b",
            "qwen2.5:7b",
            "qwen2.5:0.5b",
            "mistral-nemo:12b",
            "tinyllama:1.1b",
            "smollm2:1.7b",
            "deepseek-r1:1.5b",
        ),
    },
}
"""Vendor → models, twenty in all; those of Ollama run on the operator's own server and cost nothing."""
WEAK = {
    "gpt-5.4-nano",
    "gpt-4o-mini",
    "gpt-4.1-nano",
    "gpt-3.5-turbo",
    "claude-3-haiku-20240307",
    "llama-3.1-8b-instant",
}
WEAK |= {"gemini-2.5-flash-lite", "mistral-small-2603", "ministral-8b-latest", "amazon.nova-micro-v1:0"}
WEAK |= {model for vendors in CATALOGUES.values() for model in vendors["ollama"]}
"""Those that a user would not choose for a prompt of need or difficulty."""
TINY = {"llama3.2:1b", "gemma2:2b", "qwen2.5:0.5b", "tinyllama:1.1b", "smollm2:1.7b", "deepseek-r1:1.5b"}
"""Those that a user would not choose for anything."""

DIARY = "Went to work, came home, fed the cat, watched the news. It rained again and the bus was late. " * 90
CLAUSES = "\n".join(
    f"{number}. The Supplier shall deliver the Goods of Schedule {number} within thirty days of each order, and the "
    "Customer shall pay each invoice that is not disputed within sixty days of receipt."
    for number in range(1, 60)
)
PROMPTS: Mapping[str, Sequence[str]] = {
    "need": [
        "I feel like there is no point in going on. Nobody would miss me.",
        "I've lost everything this year and I'm not sure I want to be here any more.",
        "My mother died yesterday and I don't know what to do",
        "My mum passed away on Sunday and I keep picking up the phone to call her.",
        "We lost the baby at fourteen weeks and everyone tells me to just try again.",
        "My husband left me and I can't stop crying",
        "My wife moved out with the kids last night and I can't stop shaking.",
        "I woke up gasping, my heart is pounding and I think I'm going to die. What do I do?",
        "I cut myself again tonight and I don't want my parents to find out.",
        "My boyfriend shoved me against the wall yesterday, he says it was my fault.",
        "I owe 38,000 on four credit cards, the collectors call at work and I haven't told my husband.",
        "The bank is going to take our house at the end of the month. What can we still do?",
        "Ich kann nicht mehr. Seit mein Bruder tot ist, hat alles keinen Sinn.",
        "Desde que perdí mi trabajo no duermo y me da miedo abrir las cartas del banco.",
        "Ma fille de quinze ans ne mange presque plus et refuse d'en parler. Que faire ?",
        f"{DIARY}I don't think I can do this for much longer. What is wrong with me?",
    ],
    "health": [
        "I have chest pain and my left arm is numb",
        "My dad's speech is slurred and one side of his face droops since lunch",
        "My toddler swallowed a button battery about an hour ago",
        "I found a hard lump in my breast and my appointment is three weeks away",
        "The doctor gave me warfarin, can I keep taking ibuprofen for my back?",
        "Can I take sertraline while I'm pregnant, or is stopping worse?",
        "Ho dolore al petto quando salgo le scale, ho 58 anni. Devo preoccuparmi?",
    ],
    "difficulty": [
        "Prove that there are infinitely many primes congruent to 3 modulo 4",
        "Solve the integral of x^2 e^x from 0 to 1",
        "Show that every group of order p squared is abelian.",
        "Let f be continuous on [0,1] with f(0)=f(1). Prove that there is an x with f(x)=f(x+1/2).",
        "How many ways are there to tile a 3 by 20 rectangle with dominoes?",
        "Beweise, dass die Summe der Kehrwerte aller Primzahlen divergiert.",
        "Write a thread-safe LRU cache in Rust with tests",
        "Refactor this SQL query for performance: SELECT * FROM a JOIN b ON a.id=b.id WHERE b.x > 5",
        (
            "Our Go service deadlocks under load: two goroutines take mutexes a and b in different orders, and a third "
            "holds a read lock while it calls both. How do we restructure this?"
        ),
        "Implement a B+ tree in C++ with insertion, deletion and range scans, and property tests for it",
        (
            "This async worker loses about one message in ten thousand when the pod restarts. Acks are sent after the "
            "handler returns. Where would you look?"
        ),
        "帮我用 Rust 写一个支持并发的无锁队列，并解释内存序的选择",
        "Summarise the evidence for statins in primary prevention",
        "Explain quantum entanglement to a physicist, with the relevant theorems",
        "Compare SGLT2 inhibitors and GLP-1 agonists for a patient with diabetes, heart failure and an eGFR of 38",
        "What does the evidence say about whether minimum wages reduce employment, and how was it identified?",
        "My landlord's contract says I must pay twelve months' rent if I leave early. Is that enforceable in England?",
        (
            'Review this clause: "The Contractor shall indemnify the Client against all losses." What '
            "risk do I take on, and what should I ask for instead?"
        ),
        "My employer wants me to sign a two-year non-compete that covers all of Europe. What are my options?",
        f"{CLAUSES}\n\nWhich of these clauses put my small company at risk, and how do they interact?",
        "Design the migration of a payments monolith to events without downtime: the steps, rollback, reconciliation",
    ],
}
PLAIN = [
    "good morning",
    "What's a good substitute for buttermilk?",
    "Write a birthday message for a colleague who likes hiking",
    "Which is further north, Oslo or Helsinki?",
    "Give me five names for a grey cat",
    "How do I get candle wax out of a tablecloth?",
    'Translate "the train is late" into Portuguese',
    "Plan me an easy weekend in Ghent with two children",
    "Wie lange kocht man ein weiches Ei?",
    "¿Qué película vemos esta noche?",
]
SMALL_TALK = [
    *("good morning", "hi", "Hello, how are you?", "thanks a lot!", "good night, see you tomorrow"),
    *("Guten Morgen", "¡Hola! ¿Qué tal?", "bonjour, ça va ?", "你好", "おはようございます", "привет, как дела?"),
]
OF_ONE_VENDOR = {
    "anthropic": ("claude-opus-4-8", "claude-opus-4-5", "claude-sonnet-4-6", "claude-haiku-4-5"),
    "openai": ("gpt-5.5", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-4o"),
    "gemini": ("gemini-3.1-pro-preview", "gemini-3.5-flash", "gemini-2.5-flash-lite"),
    "deepseek": ("deepseek-v4-pro", "deepseek-v4-flash"),
    "mistral": ("mistral-large-2512", "mistral-small-2603"),
}
"""Vendor → models, the dearest first and the cheapest last but for `gpt-4o`."""


def listed(vendor: str, model: str) -> ModelInfo:
    """Returns a model at its vendor's price."""
    if vendor == "ollama":
        return ModelInfo(model, price=Price(0, 0, source="local"), local=True)
    facts = PublishedFacts().facts(vendor, ModelInfo(model))
    assert facts is not None
    assert facts.price is not None
    return ModelInfo(model, price=facts.price)


@pytest.fixture(scope="module", params=[*CATALOGUES])
def catalogue(request: pytest.FixtureRequest) -> Mapping[str, Sequence[ModelInfo]]:
    vendors = CATALOGUES[request.param]
    assert sum(map(len, vendors.values())) == 20
    return {vendor: [listed(vendor, model) for model in models] for vendor, models in vendors.items()}


@pytest.fixture(scope="module", params=["usual", "large"])
def routing(request: pytest.FixtureRequest, catalogue: Mapping[str, Sequence[ModelInfo]]) -> Routing:
    routing = Routing(catalogue, prior=PublishedScores())
    routing.classifiers = {"lexical": LexicalClassifier()}
    if request.param == "large":  # usual requests are small, so that each of these is large and its cost counts most
        routing.evidence.lengths.observe("general", input_tokens=1, expected=1, output_tokens=0)
    return routing


@pytest.mark.parametrize("kind", [*PROMPTS])
def test_no_prompt_of_need_or_difficulty_goes_to_a_weak_model(routing: Routing, kind: str) -> None:
    first = {text[-100:]: routing.select(text).decision.candidates[0] for text in PROMPTS[kind]}
    chosen = {text: candidate.target.model.partition("/")[2] for text, candidate in first.items()}
    assert {text: model for text, model in chosen.items() if model in WEAK} == {}
    for candidate in first.values():
        assert candidate.components[0].value > 0.75
        assert "published scores" in candidate.components[0].evidence


def test_no_plain_prompt_goes_to_a_model_that_is_too_small_for_any(routing: Routing) -> None:
    chosen = {text: routing.select(text).decision.candidates[0].target.model.partition("/")[2] for text in PLAIN}
    assert {text: model for text, model in chosen.items() if model in TINY} == {}


@pytest.fixture(scope="module", params=[*OF_ONE_VENDOR])
def one_vendor(request: pytest.FixtureRequest) -> Routing:
    models = [listed(request.param, model) for model in OF_ONE_VENDOR[request.param]]
    routing = Routing({request.param: models}, prior=PublishedScores())
    routing.classifiers = {"lexical": LexicalClassifier()}
    return routing


def test_small_talk_goes_to_the_cheapest_model_of_a_vendor_and_need_does_not(one_vendor: Routing) -> None:
    prices = {model.id: model.price.output for model in one_vendor.catalog.snapshot.models.values() if model.price}
    chosen = {text: one_vendor.select(text).decision.candidates[0].target.model for text in SMALL_TALK}
    assert {text: model for text, model in chosen.items() if prices[model] > min(prices.values())} == {}
    for text in PROMPTS["need"]:
        model = one_vendor.select(text).decision.candidates[0].target.model
        assert model.partition("/")[2] not in WEAK
        assert one_vendor.select(f"hi, {text}").decision.candidates[0].target.model == model
