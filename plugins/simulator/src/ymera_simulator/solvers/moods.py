"""Which words speak for which mood."""

import re

from ymera_simulator.wording import listed


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(words.strip().replace("\n", "|").split("|")) + r")")


def _mood(strong: str, weak: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return _pattern(strong), _pattern(weak)


MOODS = {
    "grief": _mood(
        "passed away|funeral|mourn|griev|grief|died|put (?:him|her|down|our)|buried|widow|my late \\w+|lost "
        "(?:my|our) (?:mother|mom|mum|dad|father|brother|sister|wife|husband|son|daughter|dog|cat|grand\\w+|best "
        "friend|baby)",
        "empty chair|miss (?:him|her|them)|miss my|memorial|gone forever|ashes|without (?:him|her)|used to sit|"
        "gone now|their voice|(?:her|his) (?:voice|chair|clothes|side of the bed|collar|bowl|scarf|sweater)",
    ),
    "sadness": _mood(
        "\\bsad|heartbroken|depress|miserable|unhappy|crying|cried|tears|hopeless|broke up|breakup|down in the "
        "dumps|sorrow|devastat|gloomy|dumped|divorce",
        "moved away|goodbye|miss|empty|heavy|lost|can't smile|over between us|left me|nothing cheers|no joy|grey|"
        "ended|closing down|never coming back|hurts|end of",
    ),
    "loneliness": _mood(
        "lonely|loneliness|alone|isolated|no friends|nobody (?:to|calls|called|to talk)|no one (?:to|calls|"
        "called)|left out|by myself|on my own|not a single (?:person|message|call|soul)",
        "don't know anyone|do not know anyone|know nobody|nobody (?:notices|would notice|asked|sits|texts|visits|"
        "came)|no one (?:notices|would notice|asked|sits|texts|visits|came)|eat(?:ing)? dinner|silent phone|"
        "phone (?:never|hasn't|has not)|excluded|weren't invited|not invited|wasn't invited|new (?:city|town)|"
        "everyone else has|quiet (?:flat|house|apartment)|talk to the (?:radio|tv|walls|plants)|only voice|empty "
        "(?:flat|house|apartment)",
    ),
    "anger": _mood(
        "angry|anger|furious|fuming|rage|mad at|outrag|livid|pissed|seething|hate (?:how|when|that)|infuriat|"
        "boiling|how dare",
        "unfair|lied|lying|liar|stole|betray|blamed me|disrespect|slammed|yell|shout|insult|rude|behind my back|"
        "took (?:the )?credit|taking (?:the )?credit|credit for my|without asking|again!|unacceptable|scratched "
        "my|never apologi|cheated|on purpose|broke (?:his|her|their) (?:word|promise)|had the nerve|nerve to|cut "
        "(?:me off|in line)|clench|won't stand for|ruined my",
    ),
    "frustration": _mood(
        "frustrat|fed up|sick of|annoy|irritat|stuck|going in circles|keeps? (?:crashing|failing|breaking|"
        "freezing|jamming|dropping)|at my wit",
        "still (?:doesn't|does not|won't|not) work|for the (?:third|fourth|fifth|tenth|umpteenth) time|over and "
        "over|no matter (?:what|how)|nothing works|hours (?:on|trying|and)|can't get|won't (?:start|load|connect|"
        "work)|on hold|tried everything|same error|back to square one|getting nowhere|bounced between|yet again|"
        "transferred",
    ),
    "fear": _mood(
        "afraid|scared|terrif|frighten|fear\\b|fearful|petrif|horrified|panic|dread",
        "someone (?:following|is following|at the|in the|outside)|footsteps|noise (?:downstairs|outside|in)|"
        "shaking|trembl|nightmare|dark|threat|lump|biopsy|diagnos|lock(?:ed|ing) (?:the|every|all|my)|hiding|"
        "heart (?:is )?pounding|frozen|freez|can't move|creak|shadow|hands? (?:is|are|were) shaking|hold my "
        "breath|held my breath|turbulence|door handle|follow(?:ed|ing) me|strange (?:man|noise|car|sound)",
    ),
    "anxiety": _mood(
        "anxious|anxiety|nervous|worr(?:y|ied|ying)|uneasy|on edge|what if|restless|stomach (?:is )?(?:in|"
        "churning|knots)|butterflies|apprehens|can't stop thinking",
        "interview|exam|test results|results (?:come|are)|tomorrow|presentation|waiting for|can't sleep|cannot "
        "sleep|mind (?:keeps|is|won't)|awake|deadline|go wrong|goes wrong|mess (?:it )?up|keep (?:checking|"
        "rehears|thinking)|forget (?:my|everything)|biting my nails|nails|pacing|imagin(?:e|ing) (?:every|all|"
        "the worst)|the worst",
    ),
    "overwhelm": _mood(
        "overwhelm|too much|swamped|drowning|burn(?:ed|t)? ?out|exhaust|can't keep up|cannot keep up|breaking "
        "point|stretched|snowed under|stressed|stress",
        "so many|everything at once|all at once|no time|piling up|juggl|never ends|don't know where to (?:start|"
        "begin)|do not know where to (?:start|begin)|to-do|on top of|two jobs|three deadlines|can't breathe|"
        "emails",
    ),
    "joy": _mood(
        "\\bhappy|happiest|joy|delight|thrilled|wonderful|overjoyed|best day|over the moon|cheerful|bliss|"
        "laughing|ecstatic|can't stop smiling|cannot stop smiling",
        "smil|great|amazing|love(?:d|ly)? (?:every|this|it)|fun|sunshine|celebrat|perfect|beautiful|laughed|said "
        "yes|engaged|singing|danc(?:ed|ing)|yay|baby (?:was )?born|reunited|grin|giggl|came home|grateful",
    ),
    "pride": _mood(
        "proud|pride|accomplish|achiev|i did it|earned it|hard work (?:paid|has paid)|paid off",
        "graduat|won (?:the|a|first|my)|first (?:place|prize|in my family|marathon|book)|finished (?:my|the)|"
        "promot|medal|passed (?:my|the)|after (?:years|months) of|all by (?:my|her|him)self|standing ovation|"
        "published|finish line|top of|on my own two|best (?:grade|mark|score|time)|framed|built (?:it|this|the)|"
        "look what|award|record|my own hands",
    ),
    "excitement": _mood(
        "excit|can't wait|cannot wait|looking forward|counting (?:down|the)|pumped|thrill|so ready",
        "finally (?:going|leaving|flying|happening|get)|tickets|tomorrow we|first time|next week|bags (?:are "
        ")?packed|packed|concert|trip|adventure|only (?:two|three|four|five|\\d+) (?:more )?(?:days|sleeps)|"
        "barely sleep|bouncing|jump(?:ing)? (?:up|around)|\\d+ (?:more )?(?:days|sleeps)|going to be (?:epic|"
        "amazing)|concert|opens|countdown",
    ),
    "gratitude": _mood(
        "grateful|thankful|gratitude|thank you|thanks|appreciate|owe (?:you|her|him|them)|indebted|blessed",
        "helped me|so kind|kindness|without (?:your|you|her|his|their) (?:help|support)|didn't have to|did not "
        "have to|stayed (?:up|late) (?:to|with|all)|generous|went out of (?:your|his|her|their) way|means (?:the "
        "world|so much|a lot)|meant (?:the world|so much|a lot)|never forget what|there for me|stranger|every "
        "single (?:day|week|evening)|brought (?:me|us|soup)|lent me|drove me",
    ),
    "relief": _mood(
        "relie(?:f|ved)|phew|what a weight|weight off|finally over|thank goodness|thank god|breathe again|"
        "breathe easy|all clear|can finally (?:relax|sleep|rest|breathe)",
        "came back (?:negative|clean|clear|normal)|turned out (?:fine|okay|ok|to be nothing)|safe(?:ly)?|nothing "
        "serious|benign|after all|it's over|is over|no longer (?:have to|need to)|found (?:it|him|her|my)|"
        "shoulders|in the end|got through|didn't (?:lose|miss|fail)|false alarm|exhale|sat down and|behind me",
    ),
    "disappointment": _mood(
        "disappoint|cancell?ed|rejected|called off|fell through|let down|expected (?:more|better)|underwhelm|"
        "not what i (?:hoped|expected)|had hoped|was "
        "hoping|got my hopes up|bummed|letdown",
        "turned (?:me )?down|didn't get|did not get|hoped|looked forward|rained|sold out|fell "
        "through|missed out|instead|second best|second place|only to|wasn't (?:as|what)|was not (?:as|what)|"
        "forgot (?:my|our)|not even|after all that|called off|someone else got|empty-handed|flat",
    ),
    "guilt": _mood(
        "guilt|my fault|i'm to blame|ashamed of what i|shouldn't have|should not have|regret|sorry (?:for|i|that "
        "i)|blame myself|forgive myself|wish i (?:had|hadn't|could take)",
        "forgot (?:her|his|their|my (?:mom|mum|mother|sister|son|daughter|friend))|i (?:lied|snapped|yelled|"
        "shouted|broke|promised|let (?:her|him|them|my|everyone) down)|hurt (?:her|him|them)|took it out on|"
        "apolog|make it up|because of me|never told|should have|instead of (?:helping|visiting|calling|going|"
        "telling)|face (?:her|him|them)|trusted me|secretly|covered for me",
    ),
    "shame": _mood(
        "asham|humiliat|embarrass|mortif|want(?:ed)? to disappear|laughed at me|cringe|sink into|blush",
        "everyone (?:saw|stared|laughed|was staring|heard|noticed|looked)|in front of (?:everyone|the whole|all|"
        "my)|the whole (?:class|office|room|team|audience)|red(?:-faced| face)|tripped|stupid|wrong name|called "
        "the teacher|cheeks|ripped|spilled|microphone|hot mic|reply[- ]all|replied all|forgot my lines|ground "
        "(?:to|would) swallow|look anyone in the eye",
    ),
    "jealousy": _mood(
        "jealous|envy|envious|wish i had what|why (?:not me|does (?:she|he) get)|should have been me|green with",
        "everyone else|gets everything|everything (?:comes|handed|i)|better than me|instead of me|her new|his "
        "new|their new|compare|gets? all the|my ex|always gets|she has|he has|flirt|i've always wanted|i have "
        "always wanted|always wanted|favou?rite|attention|laughing with|so easily|than i do|keep looking at "
        "(?:her|his|their)",
    ),
    "surprise": _mood(
        "surpris|didn't expect|did not expect|never expected|unexpected|can't believe|cannot believe|shock|"
        "stunned|out of nowhere|speechless|astonish|out of the blue|jaw|no idea|of all (?:people|places|things)",
        "suddenly|all of a sudden|wow|what\\?!|really\\?|twist|believe my eyes|had to (?:read|look|check) (?:it "
        ")?(?:twice|again|three)|read it twice|(?:blink|rubbed my eyes)|turned around and|there (?:he|she|they|"
        "it) (?:was|were|stood)|who would have|never saw (?:it|that) coming|wasn't expecting|was not expecting|"
        "nobody (?:told|warned)|double take|out of a",
    ),
    "disgust": _mood(
        "disgust|gross|revolt|nause|sicken|repuls|vile|yuck|\\bew+\\b|made me (?:gag|sick)|gag\\b|stomach turn",
        "mold|mould|maggot|rotten|stink|stench|slime|smell(?:ed|s|y)?|filthy|hair in|cockroach|vomit|spit|dirty|"
        "sewage|lick|chew|crawl|flies|fingernail|rat\\b|sour milk|garbage|bathroom|threw (?:it|the whole)|wash "
        "my hands|couldn't (?:eat|swallow|finish)|could not (?:eat|swallow|finish)",
    ),
    "confusion": _mood(
        "confus|don't understand|do not understand|puzzl|baffl|makes no sense|make sense of|perplex|lost me|"
        "can't figure|cannot figure",
        "what does .* mean|contradict|mixed signals|which (?:one|way)|unclear|not sure what|one minute|the next|"
        "how is that|says (?:one|two)|different (?:answer|things|story)|read it (?:three|four|five) times|"
        "instructions|doesn't add up|does not add up|no clue|still (?:can't|cannot) tell|first .* then|two "
        "different",
    ),
    "hope": _mood(
        "hopeful|hope(?:s|d)? (?:that|it|we|to|things)|optimis|light at the end|things (?:will|are going to) "
        "(?:get|be)|better days|new beginning|fresh start|turn(?:ing)? (?:a|the) corner",
        "maybe this time|maybe (?:we|it|things|i)|chance|believe (?:that|we|it|i|things)|improv|slowly|day by "
        "day|little by little|starting to|new (?:treatment|doctor|job|start|chapter)|for the first time in|might "
        "(?:actually|just|finally)|first (?:green|good)|getting better|bit stronger|spring|step (?:forward|"
        "closer)|looking up|brighter",
    ),
    "boredom": _mood(
        "bored|boring|boredom|dull|nothing to do|tedious|monoton|killing time|watching (?:paint|the clock)",
        "same (?:thing|routine|old)|every day is|drag|yawn|hours (?:crawl|pass)|staring at|again today|slow|"
        "counting (?:the )?(?:ceiling|tiles|minutes)|clock|third (?:hour|time i've scrolled)|scroll|nothing "
        "(?:happens|ever|new)|refresh|still (?:only|just)|another (?:hour|meeting|lecture)|twiddl|doodl",
    ),
    "love": _mood(
        "in love|love (?:him|her|you|them|my)|adore|affection|cherish|sweetheart|soulmate|fell for",
        "heart (?:melts|skips)|kiss|hug|marry|forever|together|tender|holding (?:hands|my)|his laugh|her laugh|"
        "her smile|his smile|still makes me|after (?:all|\\d+) (?:these )?years|light(?:s)? up|grow old|by my "
        "side",
    ),
}
"""Mood → what speaks clearly for it, and what hints at it."""

LIKE = {
    "joy": listed("happiness happy joyful delight cheerful content contentment amusement glad joyful"),
    "sadness": ["sad", "sorrow", "unhappiness", "unhappy", "melancholy", "despair", "depressed"],
    "grief": ["mourning", "bereavement", "loss"],
    "loneliness": ["lonely", "isolation"],
    "anger": ["angry", "rage", "fury", "outrage", "mad"],
    "frustration": ["frustrated", "annoyance", "annoyed", "irritation", "exasperation"],
    "fear": ["afraid", "scared", "terror", "fright", "frightened"],
    "anxiety": ["anxious", "nervousness", "nervous", "worry", "worried", "stress", "unease"],
    "overwhelm": ["overwhelmed", "exhaustion", "burnout", "stressed"],
    "pride": ["proud", "accomplishment"],
    "excitement": ["excited", "anticipation", "eagerness", "enthusiasm"],
    "gratitude": ["grateful", "thankfulness", "thankful", "appreciation"],
    "relief": ["relieved"],
    "disappointment": ["disappointed", "letdown"],
    "guilt": ["guilty", "remorse", "regret"],
    "shame": ["ashamed", "embarrassment", "embarrassed", "humiliation"],
    "jealousy": ["jealous", "envy", "envious"],
    "surprise": ["surprised", "astonishment", "shock", "amazement"],
    "disgust": ["disgusted", "revulsion"],
    "confusion": ["confused", "bewilderment", "puzzlement"],
    "hope": ["hopeful", "optimism"],
    "boredom": ["bored"],
    "love": ["affection", "tenderness"],
}
"""Mood → other words for it."""

NEARBY = {
    "grief": "anger",
    "sadness": "boredom",
    "loneliness": "boredom",
    "anger": "sadness",
    "frustration": "sadness",
    "fear": "surprise",
    "anxiety": "excitement",
    "overwhelm": "boredom",
    "joy": "surprise",
    "pride": "joy",
    "excitement": "anxiety",
    "gratitude": "joy",
    "relief": "joy",
    "disappointment": "anger",
    "guilt": "sadness",
    "shame": "anger",
    "jealousy": "sadness",
    "surprise": "joy",
    "disgust": "anger",
    "confusion": "fear",
    "hope": "joy",
    "boredom": "sadness",
    "love": "joy",
}
"""Mood → one that it is easily taken for."""
