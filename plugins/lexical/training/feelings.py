"""Words that tell an emotion in any text, chosen by hand.

In the training, the words of an emotion share one feature, beside that of each word: so words that no example has get a
weight too, and it holds for prompts of any source. For the classifier both are added up in the word's own weight.
"""

FEELINGS: dict[str, str] = {
    "anger": """
        jerk dickhead scumbag scumbags trash garbage filthy corrupt bullshit nasty gross creep hateful vicious
        despicable appalling appalled disgraceful fuming irate resentful vengeful spiteful bitter temper tantrum
        angry angrier angrily anger angered furious fury mad madness rage raging enraged outraged outrage
        outrageous livid hate hates hated hating hatred despise despised resent resented resentment disgust
        disgusted disgusting revenge bastard bastards idiot idiots moron morons asshole assholes bitch scum liar
        liars thief thieves traitor hypocrite hypocrites hell damn fuck fucking fucked wtf pissed infuriating
        infuriated seething boiling hostile cruel vile evil awful unacceptable disrespect disrespectful insulted
        insult betrayed betrayal scream yelled shut screw wütend wut sauer stinksauer zornig zorn hasse hass
        hassen unverschämt unverschämtheit frechheit empört furieux furieuse colère énervé énervée déteste haine
        scandaleux scandale honteux dégoûté rage furioso furiosa rabia enojado enojada enfadado enfadada ira
        odio asco indignado arrabbiato arrabbiata rabbia vergogna odio schifo disgusto raiva bravo irritado ódio
        nojo absurdo ярости ярость злюсь злой злость ненавижу ненависть бесит возмущён возмущена подлец woedend
        boos haat wściekły wściekła nienawidzę zły
    """,
    "anxiety": """
        creepy horrifying horrified alarming alarmed concerned concerning dangerous spooky petrified jittery
        restless uneasily agitated dizzy helplessly frantic desperate obsess obsessing dreadful
        anxious anxiety anxieties nervous nervously worry worried worries worrying worrisome afraid scared scary
        scare scares fear fears fearful feared frightened frightening terrified terrifying terror terrifies
        panic panicking panicked panics dread dreading dreaded stress stressed stressful stressing overwhelmed
        overwhelming tense tension uneasy unsafe overthinking overthink paranoid phobia phobias racing shaking
        trembling tremble shaky insomnia sleepless nightmare nightmares apprehensive insecure insecurities
        freaking freaked freak worst threatened danger angst ängste panik sorge sorgen besorgt nervös fürchte
        furcht gestresst ängstlich peur peurs angoisse angoissé angoissée angoisses inquiet inquiète stresse
        stressé stressée panique anxieux anxieuse miedo miedos ansiedad ansioso ansiosa nervioso nerviosa
        preocupado preocupada preocupa temo estresada estresado paura ansia ansioso ansiosa preoccupato
        preoccupata nervoso terrorizzato medo ansiedade nervosa preocupado боюсь страшно страх тревога тревожно
        тревожусь волнуюсь переживаю паника нервничаю bang bezorgd zenuwachtig boję strach lęk martwię denerwuję
        焦虑 害怕 不安 压力 紧张 担心 怖い 怖く 心配 緊張 불안 걱정 무서 긴장
    """,
    "frustration": """
        bother bothers bothered lame boring bored whining complain complaining nuisance hassle clunky buggy pain
        dumb sucked unbearable helpless overcomplicated unusable
        frustrated frustrating frustration frustrates annoying annoyed annoys annoyance irritating irritated ugh
        argh sigh stuck useless ridiculous pointless impossible stupid fed sick tired harder wasted wasting
        hours again keeps keep nothing works working broken breaks broke crash crashes crashing fails failing
        failed wrong error impatient patience exhausting headache nonsense annoyingly pathetic crap sucks damn
        tedious hopelessly why nervt nervig genervt frustriert frustrierend verzweifle schon wieder falsch
        klappt funktioniert énerve énervant agaçant agacé pénible marre encore frustrant frustré assez harto
        harta frustrante frustrado frustrada molesto fastidia fastidioso otra vez stufo stufa frustrante
        frustrato nervi frustrada chato cansei достало надоело опять раздражает раздражён замучился irritant
        gefrustreerd dość denerwuje znowu 烦死 崩溃 真烦 无语 うんざり イライラ 짜증
    """,
    "joy": """
        impressive impressed talented legend incredible stunning wholesome adorable epic genius favourite
        favorite respect neat kudos inspiring lucky hugs pleased pleasure cheerful ecstatic elated hopeful
        laughed chuckle giggle dream beautifully
        happy happier happiest happiness happily glad joy joyful delighted delight thrilled excited exciting
        excitement love loves loved lovely adore wonderful amazing awesome fantastic great brilliant perfect
        perfectly excellent beautiful gorgeous best thanks thank thankful grateful gratitude appreciate
        appreciated cheers yay woohoo hooray hurray wow congrats congratulations proud pride celebrate
        celebrating relief relieved lol haha hahaha hilarious funny lmao rofl fun enjoy enjoyed enjoying smile
        smiling cute sweet blessed overjoyed yes nice cool good won passed laugh laughing freue freut glücklich
        überglücklich froh danke super toll klasse juhu wunderbar perfekt heureux heureuse content contente joie
        merci génial super ravi ravie parfait excellent bravo feliz felices contento contenta alegría alegre
        gracias genial encanta perfecto perfecta felice felicissima felicissimo contento grazie bello bellissimo
        perfetto gioia obrigado obrigada alegria adoro ótimo maravilhoso рад рада счастлив счастлива спасибо ура
        отлично супер здорово blij fijn bedankt dank szczęśliwy szczęśliwa dziękuję hurra świetnie 开心 高兴
        太好了 谢谢 太棒 哈哈 幸福 嬉しい ありがとう 最高 기뻐 고마워 행복
    """,
    "sadness": """
        pity tragic tragedy condolences bummer gloomy melancholy sorrow sorrowful mourned tearful sobbing sob
        wept inconsolable forlorn hollow hopelessly downhearted widowed bereaved miscarriage shattered
        sad sadder sadness sadly depressed depression depressing unhappy lonely loneliness alone grief grieve
        grieving mourn mourning cry crying cried cries tears tear weep weeping heartbroken heartbreak
        heartbreaking broken hurt hurts hurting miss missed missing lost lose loss died dead death dying funeral
        passed disappointed disappointing disappointment hopeless hopelessness despair miserable misery empty
        emptiness numb worthless suicidal suicide unloved rejected abandoned gutted crushed devastated
        devastating homesick isolated invisible burden painful pain sorry unfortunately traurig traurigkeit
        einsam allein deprimiert weine weinen gestorben verloren fehlt vermisse verzweifelt triste tristes
        tristesse seul seule déprimé déprimée pleure pleurer mort morte manque chagrin perdu tristeza solo sola
        deprimido deprimida lloro llorar murió extraño extraña perdido soledad tristezza morto morta piango
        piangere manca solitudine sozinho sozinha saudade morreu chorar choro falta грустно грусть одиноко
        одинок одинока плачу плакать умер умерла скучаю тоска депрессия плохо verdrietig eenzaam overleden
        smutno smutny smutna samotny samotna płaczę umarł umarła 难过 抑郁 孤独 伤心 好想 去世 悲しい 辛い
        つらい 寂しい 亡くな 슬퍼 외로 우울
    """,
    "shame": """
        oops whoops ashamedly regretful regretfully disgraced sheepish self-conscious unforgivable stupidly
        hypocrite sinned cheater blush blushing mortifying
        ashamed shame shameful shamed guilt guilty embarrassed embarrassing embarrassment humiliated humiliating
        humiliation regret regrets regretted regretting remorse sorry apologize apologise apology apologies
        forgive forgiven forgiveness fault blame blamed mortified blushed awkward cringe cringed worthless fraud
        imposter unworthy idiot dumb stupid schäme scham peinlich schuld schuldig schuldgefühle gewissen bereue
        verzeihen honte honteux coupable culpabilité faute gêné gênée regrette pardonner vergüenza avergonzado
        avergonzada culpable culpa perdonarme arrepiento vergogno vergogna colpa colpevole figuraccia pentito
        vergonha culpado culpada arrependido arrependo стыдно стыд виноват виновата вина простить сожалею schaam
        schuldig wstyd wstydzę winny winna 内疚 丢脸 后悔 惭愧 愧疚 尴尬 恥ずかし 罪悪感 후회 창피 죄책감
    """,
}
