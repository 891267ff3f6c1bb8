# SPDX-License-Identifier: GPL-3.0-or-later
"""The words of the generated mail, all written for Tern. mailgen.py puts them together."""

PEOPLE = [
    ('Anna Lindqvist', 'anna.lindqvist@fjord.example'), ('Bob Okafor', 'bob.okafor@harbour.example'),
    ('Carla Méndez', 'carla@mendez.example'), ('David Nowak', 'd.nowak@werkstatt.example'),
    ('Émilie Durand', 'emilie.durand@atelier.example'), ('Finn O’Sullivan', 'finn@sullivan.example'),
    ('Grace Mbeki', 'grace@mbeki.example'), ('Hiro Tanaka', 'tanaka@kaze.example'),
    ('Ingrid Sørensen', 'ingrid@sorensen.example'), ('Jürgen Weiß', 'juergen.weiss@werkstatt.example'),
    ('Kavya Rao', 'kavya.rao@monsoon.example'), ('Liam Fraser', 'liam@fraser.example'),
    ('Marta Kowalska', 'marta.kowalska@wisla.example'), ('Noor Haddad', 'noor@haddad.example'),
    ('Olivia Bennett', 'olivia@bennett.example'), ('Pavel Novák', 'pavel@novak.example'),
    ('Quentin Leroy', 'quentin@leroy.example'), ('Rosa Bianchi', 'rosa@bianchi.example'),
    ('Samuel Adeyemi', 'samuel@adeyemi.example'), ('Tuuli Virtanen', 'tuuli@virtanen.example'),
    ('Yusuf Demir', 'yusuf@demir.example'), ('Zoë van Dijk', 'zoe@vandijk.example'),
]

# subject, then sentences to choose from
ENGLISH = {
    'subjects': [
        'Boat trip on Saturday', 'Minutes of the last meeting', 'Draft of chapter three', 'Key for the workshop',
        'Question about the invoice', 'Photos from the coast', 'Train times for Monday', 'New shelves for the library',
        'Who brings the soup?', 'Broken heating on the second floor', 'Plan for the spring concert',
        'Budget, second try', 'Found your umbrella', 'Reading list', 'Comments on the poster', 'Garden day',
        'Change of address', 'Slides for the talk', 'Bird count: results of the weekend', 'Lost and found',
        'Rehearsal moved to Thursday', 'Recipe, as promised', 'Volunteers for the market stall',
        'Measurements for the window frames', 'Visit in June', 'Old maps of the harbour', 'Lunch?', 'Feedback wanted',
    ],
    'sentences': [
        'I looked at the plan again and I think we can finish it before the end of the month.',
        'The ferry leaves at half past seven, so we should meet at the pier a little before seven.',
        'Could you send me the figures once more, the last table was cut off on the right.',
        'Nobody has taken the blue folder yet, it is still on the desk next to the printer.',
        'We counted forty-two terns on the sandbank this morning, eleven more than last year.',
        'If it rains we will simply move everything into the old boathouse.',
        'Thank you for the quick answer, that was exactly what I needed.',
        'I have attached the new version; the changes are in the second and the fourth section.',
        'Please let me know by Wednesday whether this works for you.',
        'The carpenter can come on Tuesday morning or on Friday after three.',
        'My sister says hello and asks whether you still have her bicycle pump.',
        'There is one open point: who pays for the paint?',
        'I would rather wait until we have heard from the council.',
        'The second draft reads much better, but the ending still comes too suddenly.',
        'Let us keep it simple: one table, two benches, and the big pot.',
        'The heating was repaired yesterday, it should be warm again by tonight.',
        'For the record: we agreed on twelve, not on twenty.',
        'I will be on the train until noon and can call you afterwards.',
        'Two people have asked for vegetarian food, one for none with nuts.',
        'It took me a while to find the right key, it hangs behind the door now.',
        'The photographs turned out well, especially the ones from the lighthouse.',
        'We need about thirty metres of rope, better forty.',
        'Do you remember the name of the café by the lock?',
        'I am not sure that I understand the third question, can you give an example?',
        'All in all it was a good day, although my feet disagree.',
        'The tide is highest at ten, so the path along the beach is closed until one.',
        'Here are the three quotations, the middle one seems the most careful.',
        'Someone should write down how the projector works before we all forget it again.',
        'I moved the meeting to the small room because the large one is being painted.',
        'By the way, the library has extended its hours on Thursdays.',
    ],
    'hello': ['Hi', 'Hello', 'Dear', 'Good morning'], 'bye': ['Best wishes', 'Cheers', 'See you', 'Thanks'],
}

# language: (charset in the old days, names, subjects, texts)
SCRIPTS = {
    'de': ('iso-8859-1', [('Jürgen Weiß', 'juergen.weiss@werkstatt.example'), ('Käthe Möller', 'kaethe@moeller.example')],
           ['Grüße aus Göttingen', 'Rückfrage zur Abrechnung für März', 'Schlüsselübergabe am Dienstag'],
           ['Schöne Grüße vom Fluss, das Wetter ist prächtig und die Wege sind endlich trocken.',
            'Könntest du mir die Maße der Türen noch einmal schicken? Ich finde den Zettel nicht mehr.',
            'Die Führung beginnt um zehn, der Eintritt ist frei, und hinterher gibt es Käsekuchen.']),
    'fr': ('iso-8859-15', [('Émilie Durand', 'emilie.durand@atelier.example'), ('Noël Lefèvre', 'noel@lefevre.example')],
           ['Réunion décalée à jeudi', 'Les photos de l’été dernier', 'Où êtes-vous garés ?'],
           ['La réunion est décalée à jeudi, même heure, même salle, et cette fois avec du café.',
            'J’ai retrouvé les photos de l’été dernier, je te les envoie ce soir en pièce jointe.',
            'Le facture s’élève à 120 €, à régler avant la fin du mois, merci d’avance.']),
    'es': ('iso-8859-1', [('Begoña Ibáñez', 'begona@ibanez.example')],
           ['¿Vienes el sábado?', 'Reunión del próximo año', 'La receta de mamá'],
           ['El sábado salimos temprano, a las siete, así que no te acuestes demasiado tarde.',
            'Te mando la receta tal como la escribió mi madre, con todas sus notas al margen.']),
    'pl': ('iso-8859-2', [('Marta Kowalska', 'marta.kowalska@wisla.example'), ('Łukasz Wójcik', 'lukasz@wojcik.example')],
           ['Zażółć gęślą jaźń', 'Pytanie o jutrzejszą wycieczkę'],
           ['Jutro wychodzimy o świcie, więc proszę weźcie ciepłe kurtki i coś do jedzenia.',
            'Dziękuję za szybką odpowiedź, wszystko się zgadza, możemy zaczynać.']),
    'tr': ('iso-8859-9', [('Yusuf Demir', 'yusuf@demir.example'), ('Şebnem Işık', 'sebnem@isik.example')],
           ['Cumartesi günü görüşelim mi?', 'İstanbul’dan selamlar'],
           ['Cumartesi günü öğleden sonra iskelede buluşalım, çay benden, simit senden.']),
    'ru': ('koi8-r', [('Ольга Соколова', 'olga@sokolova.example'), ('Пётр Иванов', 'petr@ivanov.example')],
           ['Расписание поездов на понедельник', 'Привет с берега моря', 'Вопрос о счёте за март'],
           ['Привет! Мы доехали хорошо, погода чудесная, море ещё холодное, но дети всё равно купаются.',
            'Пришлите, пожалуйста, исправленный счёт: в прошлом не хватает второй страницы.',
            'Собрание переносится на четверг, начало в девятнадцать часов, вход со двора.']),
    'uk': ('windows-1251', [('Оксана Шевчук', 'oksana@shevchuk.example')],
           ['Зустріч у четвер', 'Фотографії з гір'],
           ['Надсилаю обіцяні фотографії з гір, найкращі зроблені вранці, коли зійшов туман.',
            'Зустрічаємося в четвер біля бібліотеки, їжу беремо з собою.']),
    'el': ('iso-8859-7', [('Νίκος Παπαδόπουλος', 'nikos@papadopoulos.example')],
           ['Καλημέρα από τη Θεσσαλονίκη', 'Ερώτηση για το πρόγραμμα'],
           ['Καλημέρα, ο καιρός είναι υπέροχος και το πλοίο φεύγει στις επτά το πρωί.',
            'Μπορείς να μου στείλεις ξανά το πρόγραμμα της συναυλίας; Το έχασα.']),
    'ar': ('windows-1256', [('نور حداد', 'noor@haddad.example'), ('سمير منصور', 'samir@mansour.example')],
           ['موعد الاجتماع القادم', 'صور من الرحلة', 'شكرا على المساعدة'],
           ['مرحبا، أرسل إليكم موعد الاجتماع القادم: يوم الخميس الساعة الخامسة مساء في المكتبة.',
            'شكرا جزيلا على المساعدة، وصلت الصور كلها وهي جميلة جدا.']),
    'he': ('windows-1255', [('נועה לוי', 'noa@levi.example')],
           ['תמונות מהטיול', 'שאלה לגבי הפגישה'],
           ['שלום, מצורפות התמונות מהטיול לחוף, היפות ביותר הן מהבוקר.',
            'הפגישה הבאה תתקיים ביום חמישי בשעה שבע בערב, נא לאשר הגעה.']),
    'ja': ('iso-2022-jp', [('田中 博', 'tanaka@kaze.example'), ('佐藤 美咲', 'misaki@sato.example')],
           ['来週の会議について', '写真を送ります', 'お礼'],
           ['来週の会議は木曜日の午後三時から、いつもの部屋で行います。よろしくお願いします。',
            '先日は海辺でとても楽しい時間を過ごしました。写真を送りますのでご覧ください。']),
    'zh': ('gb18030', [('王小明', 'wang@xiaoming.example')],
           ['周末去海边吗？', '会议纪要', '新书目录'],
           ['周末天气很好，我们打算早上七点出发去海边看鸟，你想一起来吗？',
            '附件是上次会议的纪要，请大家核对，如有错误请在周三之前告诉我。']),
    'zh-tw': ('big5', [('林雅婷', 'lin@yating.example')],
              ['週四的讀書會', '照片已經寄出'],
              ['週四的讀書會改到晚上七點，地點不變，請記得帶上次的那本書。']),
    'ko': ('euc-kr', [('김민수', 'minsu@kim.example')],
           ['주말 모임 안내', '사진 보냅니다'],
           ['이번 주말 모임은 오전 열 시에 도서관 앞에서 시작합니다. 점심은 각자 준비해 주세요.']),
    'hi': ('utf-8', [('काव्या राव', 'kavya.rao@monsoon.example')],
           ['शनिवार की यात्रा', 'तस्वीरें भेज रही हूँ'],
           ['शनिवार को हम सुबह सात बजे घाट पर मिलेंगे, नाश्ता साथ लेते आना।']),
    'th': ('utf-8', [('สมชาย ใจดี', 'somchai@jaidee.example')],
           ['นัดพบวันเสาร์', 'รูปถ่ายจากทะเล'],
           ['วันเสาร์นี้เจอกันที่ท่าเรือตอนเจ็ดโมงเช้า อย่าลืมเอาหมวกมาด้วย']),
    'vi': ('utf-8', [('Nguyễn Thị Hương', 'huong@nguyen.example')],
           ['Hẹn gặp cuối tuần', 'Ảnh chụp ở biển'],
           ['Cuối tuần này chúng ta gặp nhau ở bến tàu lúc bảy giờ sáng, nhớ mang theo mũ nhé.']),
    'emoji': ('utf-8', [('Zoë 🐦 van Dijk', 'zoe@vandijk.example')],
              ['🎉🎉🎉 It worked!', '🐟 or 🍕 tonight?', '👩🏽‍🚀👨‍👩‍👧‍👦🏳️‍🌈 test of the big ones'],
              ['🎉 It worked on the first try, I can hardly believe it! 🥳 Drinks are on me 🍹',
               '👍🏿', '🐦🌊☀️ greetings from the coast 🏖️']),
}

NEWSLETTERS = [
    ('Harbour Weekly', 'news@harbour-weekly.example', '#155e75', ['Fog, ferries and a fine new bench',
     'What the dredger found', 'Five walks for cold hands', 'The tide table for the month, explained']),
    ('Paper & Thread', 'hello@paper-and-thread.example', '#9d174d', ['New in the shop: linen from the north',
     'Last days of the winter sale', 'How to mend a book in an afternoon', 'A quiet week and a loud pattern']),
    ('The Observatory', 'letter@observatory.example', '#312e81', ['Venus before breakfast', 'Clouds again, but',
     'How we cleaned the big mirror', 'A guide to the December sky']),
    ('Field Notes', 'list@field-notes.example', '#166534', ['Forty-two terns and one heron', 'Hedges, a defence',
     'Counting what does not stand still', 'Moss, in detail']),
    ('Bitwise Digest', 'digest@bitwise.example', '#7c2d12', ['A parser in a weekend, debugged in a month',
     'Threads considered carefully', 'What the cache knew', 'Ten years of one small tool']),
]

SHOPS = [('Kiosk 24', 'orders@kiosk24.example'), ('Bücherstube am Markt', 'bestellung@buecherstube.example'),
         ('Night Train Tickets', 'noreply@night-train.example'), ('Blue Lamp Electric', 'service@blue-lamp.example')]

LISTS = [('tidelands', 'Tide and weather watchers', 'tidelands.lists.example'),
         ('woodwork', 'Joints, planes and patience', 'woodwork.lists.example'),
         ('parser-dev', 'Development of parsers', 'parser-dev.lists.example')]

LIST_SUBJECTS = ['Release candidate for Friday', 'Wrong offset after the leap second', 'Which glue for outside?',
                 'Proposal: shorter meetings', 'Crash with an empty header', 'Sensor at the pier is down',
                 'Patch: check the length before the copy', 'Oak or ash for a handle?']

CODE = '''--- a/src/tide.c
+++ b/src/tide.c
@@ -41,7 +41,9 @@ tide_at (const Station *station, gint64 when)
 {
-  return station->base + station->range * sin (phase (when));
+  double angle = phase (when);
+
+  return station->base + station->range * sin (angle);
 }
'''
