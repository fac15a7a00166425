"""Names and places of the demo company: plain word lists, in Turkish, Azerbaijani and English.

Every person and firm made of them is invented; a likeness to a real one is accidental.
"""

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    """Split a list written as running text."""
    return tuple(text.split())


def family_name(base: str, *, female: bool) -> str:
    """Give the form of an Azerbaijani family name: -ov and -yev take -a, -li and -zadə do not change.

    >>> family_name("Quliyev", female=True), family_name("Əlizadə", female=True)
    ('Quliyeva', 'Əlizadə')
    """
    return base + "a" if female and base.endswith(("ov", "ev")) else base


TURKISH_WOMEN: Final = _words(
    """
    Ayşe Fatma Emine Hatice Zeynep Elif Meryem Şerife Sultan Hanife Merve Özlem Esra Büşra Kübra Tuğba Gamze
    Seda Sevgi Songül Gülşen Gülay Nurcan Nuray Aysel Aylin Ayten Aynur Belgin Berna Betül Burcu Canan Ceren
    Çiğdem Damla Deniz Derya Dilek Didem Ebru Ece Eda Ela Ezgi Fadime Feride Filiz Funda Gizem Gül Hacer Hande
    Hülya Irmak Işıl İlknur İpek Kadriye Leyla Melek Melike Mine Müge Nazlı Neslihan Nihal Oya Pelin Pınar
    Rabia Reyhan Sevda Sevim Sibel Simge Şebnem Şule Tülay Yasemin Yeliz Yıldız Zehra Zerrin
    """
)
TURKISH_MEN: Final = _words(
    """
    Mehmet Mustafa Ahmet Ali Hüseyin Hasan İbrahim İsmail Osman Yusuf Murat Ömer Ramazan Halil Süleyman
    Abdullah Mahmut Recep Salih Fatih Kadir Emre Hakan Adem Kemal Yaşar Bekir Musa Metin Orhan Serkan Selim
    Volkan Burak Onur Uğur Gökhan Cem Can Barış Berk Bülent Cengiz Cihan Çağrı Doğan Engin Ercan Erdem Erhan
    Erol Ersin Ferhat Furkan Güven Haluk Ilgaz Işık İlhan İlker Kaan Kerem Koray Levent Mert Nihat Oğuz Okan
    Oktay Özgür Rıza Sedat Sinan Soner Şahin Şükrü Taner Tarık Tolga Tuncay Turgut Umut Ümit Veysel Yavuz
    Yiğit Zafer Zeki
    """
)
TURKISH_FAMILIES: Final = _words(
    """
    Yılmaz Kaya Demir Çelik Şahin Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Kara Koç
    Kurt Özkan Şimşek Polat Korkmaz Çakır Erdoğan Özer Yavuz Can Acar Şen Aktaş Güler Yalçın Güneş Bozkurt
    Bulut Keskin Ünal Turan Gül Özcan Işık Avcı Kaplan Taş Köse Tekin Ateş Yüksel Aksoy Çoban Uçar Bayram
    Duman Karaca Bilgin Coşkun Sarı Ekinci Uysal Toprak Ceylan Akın Duran Erdem Güven Karakaya Kocaman Oral
    Peker Soylu Tunç Uslu Varol Yaman Zengin Altun Altıntaş Akbaş Akgül Akyol Alkan Apaydın Arıkan Ata Aydoğan
    Balcı Baş Başaran Baysal Bektaş Biçer Boz Candan Cengiz Çağlar Çalışkan Çiftçi Çınar Dağ Demirci Demirel
    Deniz Dinç Durmaz Ekici Elmas Eren Ergin Ersoy Esen Genç Gök Gökçe Gündoğdu Güngör Gürbüz Irmak İnan İnce
    İpek Kahraman Karabulut Karadağ Karataş Kartal Kayaalp Kızıl Koçak Mutlu Oğuz Okur Öner Önal Özbek Özgür
    Özmen Sağlam Savaş Sezer Sönmez Şeker Tan Taşkın Temel Tosun Tuna Türkmen Uzun Vural Yazıcı Yiğit
    Yurtseven
    """
)
AZERBAIJANI_WOMEN: Final = _words(
    """
    Aygün Aynur Aysel Aytən Aysu Afaq Arzu Ayan Aydan Bahar Bənövşə Cəmilə Ceyran Dilarə Dilbər Elnarə Elmira
    Esmira Fatimə Fidan Firuzə Gülnar Gülnarə Günay Günel Gülşən Gültəkin Gözəl Həcər Xanım Xədicə Xəyalə
    İlahə İradə İlhamə Jalə Kəmalə Könül Lalə Ləman Leyla Lamiyə Mədinə Mehriban Məleykə Minarə Nailə Nərgiz
    Nərmin Nigar Nuranə Nuray Pərvanə Pəri Rəna Ramilə Rəvanə Röya Rüxsarə Sara Səbinə Sevda Sevil Sevinc
    Səidə Solmaz Südabə Şəbnəm Şəfəq Şahnaz Şəhla Tahirə Təranə Türkan Ülkər Ülviyyə Vəfa Validə Yeganə
    Zeynəb Zəhra Zümrüd Züleyxa Zərifə
    """
)
AZERBAIJANI_MEN: Final = _words(
    """
    Abbas Adil Akif Anar Araz Arif Asif Azad Azər Bəhruz Bayram Bəxtiyar Camal Ceyhun Cavid Cavad Cəfər Çingiz
    Elçin Eldar Eldəniz Elmar Elman Elnur Elşad Elşən Elvin Emil Emin Əhməd Əkbər Əli Ələkbər Ənvər Əsgər Əziz
    Fariz Faiq Fərhad Fərid Fikrət Firdovsi Fuad Həsən Həmid Heydər Hikmət Hüseyn Xəyal Xalid İbrahim İlham
    İlqar İlkin İsmayıl Kamal Kamran Kənan Kərim Lətif Mahir Məmməd Məhəmməd Mirzə Murad Musa Mübariz Namiq
    Natiq Nazim Nicat Niyazi Nizami Orxan Oqtay Pərviz Polad Qurban Qasım Rafiq Ramil Ramin Rasim Rauf Rəşad
    Rəşid Rövşən Ruslan Rüstəm Sabir Samir Səbuhi Sərxan Seymur Süleyman Şahin Şamil Tahir Tale Teymur Tofiq
    Toğrul Tural Vaqif Vasif Vüqar Vüsal Yaşar Yusif Zahid Zaur Ziya
    """
)
AZERBAIJANI_FAMILIES: Final = _words(
    """
    Əliyev Məmmədov Hüseynov Həsənov Quliyev İsmayılov İbrahimov Abbasov Rzayev Əhmədov Cəfərov Kərimov
    Mustafayev Babayev Nəbiyev Süleymanov Qasımov Musayev Heydərov Rəhimov Sadıqov Bağırov Hacıyev Şahbazov
    Ağayev Axundov Abdullayev Aslanov Atakişiyev Bayramov Bədəlov Cabbarov Cavadov Əsgərov Əzizov Fərəcov
    Fətullayev Fətəliyev Gözəlov Hümbətov Həmidov Həşimov Xəlilov Xudiyev İmanov İskəndərov Kazımov Qarayev
    Qəhrəmanov Qocayev Qurbanov Qəmbərov Lətifov Mahmudov Mehdiyev Məhərrəmov Mirzəyev Muradov Mürsəlov
    Nağıyev Nəsirov Nuriyev Novruzov Orucov Osmanov Paşayev Pənahov Piriyev Rəcəbov Rəsulov Rüstəmov Ramazanov
    Salmanov Səfərov Səmədov Seyidov Şərifov Şükürov Şirinov Tağıyev Tahirov Talıbov Vəliyev Verdiyev Yaqubov
    Yusifov Zamanov Zeynalov Ələsgərov Əkbərov Əfəndiyev Eyvazov Namazov Nəzərov Əhmədli Məmmədli Həsənli
    Hüseynli Kərimli Cəfərli Rəhimli Abbaslı Aslanlı Bayramlı İbrahimli İsmayıllı Muradlı Qasımlı Nəsirli
    Səfərli Rüstəmli Süleymanlı Yusifli Şirinli Novruzlu Əlizadə Həsənzadə Hüseynzadə Məmmədzadə Ağazadə
    Axundzadə Babazadə İsmayılzadə İbrahimzadə Kazımzadə Mirzəzadə Paşazadə Quluzadə Vəlizadə Nağızadə
    Əhmədzadə Sultanzadə Şərifzadə Tağızadə Bağırzadə Kərimzadə Cəfərzadə
    """
)
ENGLISH_WOMEN: Final = _words(
    "Alice Anna Charlotte Clare Emily Emma Grace Hannah Helen Jane Julia Kate Laura Lucy Mary Rachel Ruth "
    "Sarah Sophie Susan"
)
ENGLISH_MEN: Final = _words(
    "Adam Andrew Ben Charles Daniel David Edward George Henry Ian Jack James John Mark Martin Peter Robert "
    "Simon Thomas William"
)
ENGLISH_FAMILIES: Final = _words(
    "Adams Bailey Baker Brown Carter Clarke Cooper Davies Evans Fisher Foster Green Hall Harris Hill Hughes "
    "Jackson King Lewis Martin Mason Miller Moore Morgan Palmer Parker Price Reed Taylor Turner Walker "
    "Ward Watson White Wilson Wood Wright Young"
)

TURKISH_FIRMS: Final = _words(
    """
    Işık Güneş Anadolu Ege Marmara Karadeniz Toros Akdeniz Boğaziçi Çınar Çağdaş Öncü Özgün Yıldız Doğuş
    Şafak Umut Bereket Gökkuşağı Pınar Kardelen Zeytin Başak Yelken Liman Köprü Kule Kaynak Ufuk Erguvan Defne
    İnci Mercan Safir Truva Likya Frigya Kapadokya Uludağ Erciyes
    """
)
TURKISH_TRADES: Final = _words(
    """
    Tekstil Gıda İnşaat Mobilya Lojistik Turizm Elektrik Makine Tarım Kimya Otomotiv Medikal Ambalaj Yazılım
    Danışmanlık Matbaa Temizlik Plastik Enerji Ticaret
    """
)
TURKISH_FORMS: Final = ("Ltd. Şti.", "A.Ş.")
AZERBAIJANI_FIRMS: Final = _words(
    """
    Xəzər Abşeron Qarabağ Şirvan Odlar Nur Zəfər Araz Kür Qafqaz Şəfəq Bərəkət Günəş Ulduz Çinar Lalə Dəniz
    Muğan Zirvə Uğur Vətən Yüksəliş Qobustan Gülüstan Sədaqət Etibar Ümid Səma Körpü Mənzil
    """
)
AZERBAIJANI_TRADES: Final = _words(
    """
    Ticarət Tikinti Tekstil Qida Logistika Turizm Mebel Enerji Kimya Tibb Avtomobil Texnika Təmizlik Mətbəə
    Plastik Elektrik
    """
)
AZERBAIJANI_FORMS: Final = ("MMC", "ASC")
