"""Words that indicate the category of a task in any text, chosen by hand.

The weight of each group is learnt from examples, but not its words: a learnt word list reflects the style of its
sources, while these apply to prompts of any source. A group is named after what its words have in common. Languages
other than English have the words of the most common requests.
"""

GROUPS: dict[str, str] = {
    "i": """
        i im i'm i've i'd i'll me my mine myself we our us ich mein meine je j'ai mon ma mes yo mi mis eu meu minha io
        mio я мне мой
    """,
    "other": """
        he she they him her them his hers their theirs he's she's they're himself herself themselves someone somebody
        everyone people person man woman boy girl neighbour neighbor customer client patient user character hero
        heroine protagonist narrator er ihm ihn ihr ihre ihren ihrem sein seine seinem seinen il elle ils elles lui
        leur él ella ellos ellas su sus lei loro suo sua ele ela eles elas seu он она они ему ей его её им
        他 她 他们 彼女 彼は 그녀
    """,
    "you": "you your you're yourself tu vous sie du usted você ты вы",
    "please": "please pls kindly can could would help need want bitte por s'il per пожалуйста помоги",
    "make": """
        write create generate make build develop compose draft implement design code produce construct give come
        tell escribe escribir crea crear écris écrire crée schreibe schreib erstelle scrivi crea escreva crie
        напиши создай придумай
        写 创建 書いて 作成 作って 써 만들어
    """,
    "change": """
        correct fix improve polish edit rewrite rephrase translate proofread paraphrase simplify shorten revise
        reword convert change modify replace restate condense traduce corrige traduis traduire übersetze
        korrigiere traduci correggi traduza corrija переведи исправь
        翻译 翻譯 翻訳 번역 润色 改写 纠正 改正 修改 添削 書き直 校正 수정
    """,
    "digest": """
        summarize summarise analyze analyse evaluate assess discuss compare contrast critique examine review
        investigate explore interpret outline argue justify elaborate
    """,
    "explain": "explain describe define clarify explica explique erkläre spiega объясни what's",
    "ask": """
        what who when where which why whose whom qué que quién quien cuándo cuando dónde donde wer wann wo
        warum qui quand chi кто когда где почему что как
    """,
    "how": "how cómo como comment wie come",
    "quantity": "many much far old long tall often cuántos cuántas combien viele viel quanti quante quantos сколько",
    "given": "following this these below above attached here",
    "text": """
        sentence sentences text paragraph paragraphs phrase passage essay email letter message wording grammar
        spelling quote line lines title abstract texto frase oración texte satz testo предложение текст
    """,
    "imagine": "imagine pretend suppose act acting roleplay play persona character as if",
    "should": "should shouldn't must ought normal wrong okay ok right",
    "not": "not don't can't cannot won't never no nothing doesn't didn't isn't wasn't couldn't",
    "programming-language": """
        python java javascript typescript html css sql c++ cpp csharp golang rust ruby php perl swift kotlin scala
        bash powershell matlab haskell lua dart vba assembly verilog solidity r fortran cobol julia elixir clojure
        react angular vue node nodejs django flask fastapi spring laravel rails pandas numpy pytorch tensorflow
        jquery bootstrap tailwind mysql postgres postgresql sqlite mongodb redis docker kubernetes terraform git
        github gitlab npm pip webpack linux ubuntu unix regex json xml yaml csv api rest graphql graphviz latex
        selenium pytest junit excel dataframe numpy opencv unity unreal aws azure firebase nginx
    """,
    "code": """
        code coding codes program programs programming programmer script scripts function functions method methods
        algorithm algorithms compile compiler debug debugging debugger bug bugs refactor implement implementation
        snippet class classes object array arrays list lists tuple tuples dictionary dict string strings integer
        integers boolean variable variables loop loops recursion recursive pointer struct enum interface
        constructor inheritance async await thread threads mutex exception traceback stacktrace syntax parse
        parser parsing query queries database databases schema table column endpoint server client backend
        frontend webpage website button dropdown div tag tags stylesheet repository commit branch merge deploy
        unittest unit test tests library libraries framework module package import output input return returns
        lambda hash hashmap stack queue tree graph node linked sort sorted sorting binary search stdin stdout
        terminal shell command cli regexp runtime null undefined segfault error errors async callback
        código codigo programa función funcion fonction programme funktion programm skript funzione codice função
        код функция программа скрипт написать
        代码 代碼 コード 関数 函数 程序 プログラム 코드 함수 プログラミング 编程 算法 スクリプト 脚本 爬虫
    """,
    "calculation": """
        calculate compute solve evaluate simplify factor factorize derive differentiate integrate prove proof
        equation equations inequality polynomial quadratic derivative integral matrix determinant eigenvalue
        vector theorem lemma sum difference product quotient ratio ratios proportion percent percentage
        fraction fractions decimal average mean median probability probabilities permutations combinations
        odds triangle rectangle circle square cube sphere cylinder radius diameter circumference perimeter area
        volume angle angles hypotenuse sine cosine tangent logarithm exponent prime divisor divisible
        remainder multiple multiples integer integers digits digit number numbers total altogether each twice
        thrice half third quarter dozen per remaining left profit loss interest discount speed distance
        velocity acceleration mass simplest arithmetic geometric sequence series modulo gcd lcm square
        calcular calcula resolver ecuación ecuacion cuántos cuántas cuantos cuantas calculer combien équation
        résoudre berechne wieviel wie-viele gleichung löse calcola quanti quante equazione quantos quantas
        equação сколько вычисли уравнение реши найди
        计算 計算 方程 多少 いくら 合計 계산 概率 面积 解いて 確率 求め 等于 几个
    """,
    "measure": """
        dollars dollar cents cent euros pounds rupees rs usd km kilometers kilometres meters metres cm mm miles mile
        feet foot inches inch kg kilograms grams gram liters litres gallons hours hour minutes minute seconds
        mph kmph days weeks months years apples oranges cookies eggs marbles books pages students tickets boxes
        bags bottles coins pieces
    """,
    "study": """
        study studies research researchers literature evidence findings hypothesis methodology empirical
        systematic meta-analysis analysis analyze analyse peer-reviewed journal paper papers abstract citation
        citations references bibliography thesis dissertation theory theories theoretical framework statistical
        significance correlation regression sample clinical trial trials dataset data survey qualitative
        quantitative implications mechanism mechanisms critique critically evaluate assess compare contrast
        impact impacts effect effects influence role summarize summarise summary summarization abstractive
        passage article transcript report excerpt extract contributed factors limitations controversy
        zusammenfassen zusammenfassung résume résumer resumen resumir resume riassumi riassunto
        论文 研究 总结 要約 요약 分析 文献 影响 論文 まとめ 연구
    """,
    "expertise": """
        patient patients diagnosis diagnostic symptoms treatment treatments therapy therapies disease diseases
        syndrome disorder drug drugs dose dosage medication medications surgery surgical cancer tumor infection
        chronic acute clinical physician nurse nursing gene genes genetic protein proteins cell cells enzyme
        molecular species ecological ecosystem bacteria virus vaccine immune neural cortex cognitive
        psychological pharmacological law legal laws statute court courts contract liability plaintiff
        defendant jurisdiction constitution constitutional regulation regulations policy policies treaty
        economic economics macroeconomic inflation fiscal monetary market markets investment portfolio
        accounting tax engineering structural thermal quantum relativity chemical chemistry polymer alloy
        reaction climate emissions renewable archaeological century medieval empire colonial political
        sociological anthropological philosophical ethics ethical curriculum pedagogy semiconductor circuit
        voltage turbine concrete combustion aircraft
    """,
    "wording": """
        translate translation translated translating rephrase rephrased paraphrase paraphrasing reword rewrite
        rewriting proofread proofreading grammar grammatical grammatically spelling punctuation typos typo
        correct corrected corrections correction polish polished edit editing formal informal formally tone
        concise shorten simplify simpler wording phrasing fluent fluency synonym synonyms antonym antonyms
        idiom idioms idiomatic conjugate conjugation tense plural noun verb adjective adverb pronoun preposition
        clause sentence sentences paragraph phrase phrases expression word words native natural sound sounds
        readability active passive
        traduce traducir traducción corrige corregir reescribe parafrasea frase oración gramática traduire traduis
        traduisez traduction corriger corrigez reformule reformuler phrase grammaire übersetze übersetzen
        übersetzung korrigiere umformulieren satz grammatik traduci tradurre correggi riscrivi traduza traduzir
        corrija reescreva переведи перевод перевести исправь перефразируй предложение
        翻译 翻譯 翻訳 번역 润色 纠正 语法 文法 句子 英文 英語 中文 日本語 영어 문장 문법 添削 言い換え
    """,
    "human-language": """
        english french spanish german italian portuguese russian chinese mandarin cantonese japanese korean arabic
        hindi urdu bengali turkish dutch polish swedish norwegian danish finnish greek hebrew persian farsi
        vietnamese thai indonesian malay latin ukrainian czech romanian hungarian swahili tamil telugu
        inglés ingles español espanol francés frances castellano alemán anglais français francais espagnol
        allemand englisch englische deutsch deutsche französisch spanisch inglese italiano inglês português
        английский русский
    """,
    "feeling": """
        feel feels feeling feelings felt sad sadness depressed depression depressing anxious anxiety worried worry
        worrying stress stressed stressful overwhelmed lonely loneliness alone isolated afraid scared fear fears
        panic nervous angry anger mad furious frustrated frustration upset hurt hurting hurts heartbroken heartbreak
        devastated grief grieving mourning cry crying cried tears guilt guilty ashamed shame embarrassed jealous
        jealousy insecure insecurity worthless hopeless helpless numb empty exhausted burnout miserable unhappy
        suicidal suicide selfharm trauma traumatized abuse abused abusive bullied bullying rejected betrayed
        cheated cheating trust forgive disappointed ashamed confused lost struggling struggle cope coping comfort
        console support supportive miss hate loved unloved selfesteem confidence therapist therapy counselor
        counseling vent venting lately anymore nobody understands triste tristeza ansiedad deprimido deprimida
        siento sola solo miedo triste seul seule peur déprimé déprimée angoisse traurig einsam angst deprimiert
        fühle allein sento ansia depresso sozinho sozinha ansiedade sinto грустно одиноко тревога депрессия чувствую
        боюсь плачу
        感觉 难过 焦虑 抑郁 孤独 不安 悲しい 辛い 寂しい 슬퍼 외로 불안 伤心 害怕 压力 落ち込 つらい 疲れた 우울
        ありがとう うんざり イライラ 丢脸 亡くな 内疚 去世 后悔 哈哈 太好了 太棒 好想 嬉しい 尴尬 崩溃 幸福 开心
        心配 怖い 怖く 恥ずかし 惭愧 愧疚 担心 无语 最高 烦死 真烦 紧张 緊張 罪悪感 谢谢 高兴 걱정 고마워 기뻐
        긴장 무서 죄책감 짜증 창피 행복 후회
    """,
    "relation": """
        husband wife boyfriend girlfriend partner spouse fiance fiancé ex marriage married divorce divorced
        relationship relationships dating breakup broke mother mom mum father dad parents parent son daughter
        child kids sister brother sibling friend friends family grandmother grandfather boss coworker colleague
        roommate bestfriend stepdad stepmother inlaws mother-in-law novia novio esposa esposo madre padre amigo
        mari femme mère père amie copain freund freundin mutter vater marido мама муж жена друг подруга
        男朋友 女朋友 妈妈 爸爸 老公 老婆 分手 彼氏 彼女 友達 夫 妻 남자친구 여자친구 엄마
    """,
    "everyday": """
        recipe recipes cook cooking dinner breakfast lunch meal vegetarian vegan ingredients bake cake trip travel
        vacation holiday itinerary hotel visit weekend restaurant movie movies film films show song songs band
        album singer actor actress game games play team season episode gift gifts birthday party wedding outfit
        garden plants dog dogs cat cats pet workout exercise diet clean cleaning house car buy best favorite
        recommend recommendation recommendations suggest suggestions ideas tips list joke jokes fun facts trivia
        president capital city country who when where
        食谱 レシピ 旅行 推荐 おすすめ 레시피 여행 推薦 电影 映画 영화 礼物
    """,
    "creative": """
        story stories poem poems haiku limerick sonnet song lyrics rap novel chapter character characters dialogue
        scene screenplay script plot fiction fantasy fairy tale dragon wizard hero villain pretend imagine roleplay
        role act persona describe narrate monologue speech essay blog post tweet caption slogan headline
        advertisement ad copy marketing email e-mail letter cover resume cv invitation toast presentation
        announcement newsletter product description bio tagline brainstorm names name creative write compose
        cuento poema historia receta histoire poème recette geschichte gedicht rezept storia ricetta poesia
        história receita рассказ стих сказка рецепт письмо
        故事 小说 诗 物語 小説 이야기 笑话 歌词 写一首
    """,
}
