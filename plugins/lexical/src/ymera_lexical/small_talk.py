"""Whether a message is small talk and nothing else: a greeting, thanks, a farewell, a question how one is."""

import re

LONGEST = 60
"""Characters of a message that may be small talk."""

_PHRASES = """
    hi|hello|hey|heya|hiya|howdy|yo|greetings|welcome back|morning|good (?:morning|afternoon|evening|night|day)
    |(?:and )?how (?:are|r) (?:you|u|things)(?: doing| feeling)?|how do you do
    |how(?:'s| is| has) (?:it|your day|everything|life)(?: been| going)?|how have you been|what(?:'s| is)? up|sup
    |you (?:ok|okay|good|alright)|are you (?:there|ok|okay|well)|anyone there
    |(?:i(?:'m| am) )?(?:fine|doing well|doing great)|nice to (?:meet|see) you|pleased to meet you|thanks|thx|ty
    |cheers|(?:many|no) thanks|thank (?:you|u)|thanks for (?:your|the|all your) help|you(?:'re| are) welcome
    |bye(?: bye)?|goodbye|cya|see (?:you|ya)|good to see you|take care|sleep well
    |have a (?:nice|good|great|lovely) (?:day|evening|night|weekend|one)|talk to you|until|so much|very much|a lot
    |again|there|today|tonight|tomorrow|later|soon|then|now|everyone|everybody|all|friend|my friend|buddy|mate|dear
    |and|too|to you|ok|great
    |hallo|servus|moin|guten (?:tag|morgen|abend)|gute nacht|grüß gott|wie geht(?:'s| es)(?: dir| ihnen)?
    |danke(?: schön|sehr)?|vielen dank|tschüss|tschüs|auf wiedersehen|bis (?:bald|morgen|später)
    |schönen (?:tag|abend)(?: noch)?|heute
    |hola|buenos días|buenos dias|buenas(?: tardes| noches)?|qué tal|que tal|cómo estás|como estas|cómo está usted
    |(?:muchas )?gracias|adiós|adios|hasta (?:luego|mañana|pronto)
    |bonjour|bonsoir|bonne (?:nuit|journée|soirée)|salut|coucou|ça va|ca va|comment (?:ça va|allez-vous|vas-tu)
    |merci|merci beaucoup|au revoir|à (?:bientôt|demain)
    |ciao|salve|buongiorno|buonasera|buona (?:notte|giornata|serata)|come (?:stai|sta|va)|grazie(?: mille)?
    |arrivederci
    |olá|oi|bom dia|boa (?:tarde|noite)|tudo bem|como vai(?: você)?|(?:muito )?obrigad[oa]|tchau|até (?:logo|amanhã)
    |hoi|goedemorgen|goedemiddag|goedenavond|goede(?:nacht)?|hoe gaat het(?: met je)?|dank je(?: wel)?|bedankt|doei
    |tot ziens
    |hej|god morgon|tack(?: så mycket)?|cześć|dzień dobry|dobry wieczór|dobranoc|jak się masz|dziękuję|do widzenia
    |привет|здравствуйте?|добр(?:ое утро|ый день|ый вечер)|доброй ночи|как (?:дела|ты|вы)|спасибо(?: большое)?|пока
    |до свидания|merhaba|selam|günaydın|iyi (?:akşamlar|geceler|günler)|nasılsın|teşekkürler|teşekkür ederim
    |你好|您好|早上好|早安|晚上好|晚安|谢谢(?:你)?|再见|你好吗|こんにちは|おはよう(?:ございます)?|こんばんは|ありがとう|(?:ありがとう)?ございます|おやすみ(?:なさい)?|お元気ですか|안녕하세요
    |안녕|감사합니다|고마워(?:요)?|잘 지내(?:요|세요)?
"""
_ANY = re.sub(r"\s+(?=[|)])", "", _PHRASES).strip()
_SMALL_TALK = re.compile(rf"(?:(?:{_ANY})(?:\s+|\Z))+")
_FILLERS = frozenset(
    [
        "again",
        "there",
        "today",
        "tonight",
        "tomorrow",
        "later",
        "soon",
        "then",
        "now",
        "all",
        "and",
        "too",
        "ok",
        "great",
        "until",
    ]
)
"""Words that are not small talk alone."""
_SIGNS = '.,;:!?…~*()"¡¿。，！？、'


def is_small_talk(text: str) -> bool:
    """Returns whether a text is small talk and nothing else."""
    if len(text) > LONGEST:
        return False
    pieces = (piece.strip(_SIGNS) for piece in text.lower().replace("’", "'").replace(",", " ").split())
    words = " ".join([piece for piece in pieces if any(map(str.isalnum, piece))])
    return not _FILLERS.issuperset(words.split()) and _SMALL_TALK.fullmatch(words) is not None
