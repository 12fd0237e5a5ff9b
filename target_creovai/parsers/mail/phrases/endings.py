"""The words that end a mail without saying anything, by language: data, and nothing else.

A new language is one row in the table.
"""

# ruff: noqa: RUF001 - letters of other alphabets are what this table is about.

from __future__ import annotations

from typing import Final, NamedTuple


class Language(NamedTuple):
    """How one language ends a mail.

    Attributes:
        sign_offs: Wishes that say nothing else; they end a mail with or without a name.
        thanks: Words that are a sign-off only above a name.
        sent: What app footers begin or end with.
        notices: How legal notices begin.
        legal: Parts of words that legal notices hold.
    """

    sign_offs: str
    thanks: str = ""
    sent: str = ""
    notices: str = ""
    legal: str = ""


# Alternatives are separated by `|`.
LANGUAGES: Final[dict[str, Language]] = {
    "en": Language(
        "regards|kind regards|best regards|warm regards|warmest regards|kindest regards"
        "|with kind regards|with best regards|many regards|sincerely|yours sincerely"
        "|sincerely yours|yours faithfully|yours truly|best wishes|respectfully|kr|br|rgds|cheers",
        "thanks|thank you|many thanks|thanks a lot|thanks and regards|thanks in advance|best|yours"
        "|thank you and regards|thank you in advance|thanks & regards|all the best",
        "sent from|sent with|sent via|get outlook",
        "this email|this e-mail|this message|this communication|this electronic|disclaimer"
        "|confidentiality|confidential|the information|the content|notice"
        "|please consider the environment|think before you print",
        "environment|print|confidential|privileged|intended|recipient|addressee|in error|disclos"
        "|unauthori",
    ),
    "de": Language(
        "mit freundlichen grüßen|mit freundlichen grüssen|mit freundlichem gruß|freundliche grüße"
        "|freundliche grüsse|viele grüße|viele grüsse|beste grüße|beste grüsse|liebe grüße"
        "|schöne grüße|herzliche grüße|herzliche grüsse|mfg|lg|vg|hochachtungsvoll|gruß|gruss",
        "danke|vielen dank|besten dank|danke und gruß|danke im voraus|vielen dank im voraus",
        "gesendet|gesendet von|gesendet mit|von meinem|holen sie sich outlook",
        "diese e-mail|diese email|diese nachricht|dieses e-mail|der inhalt|die information"
        "|disclaimer|vertraulich|hinweis|bitte denken sie an die umwelt",
        "umwelt|druck|vertraulich|empfänger|adressat|irrtümlich|unbefugt|unerlaubt|vernichten|bestimmt",
    ),
    "fr": Language(
        "cordialement|bien cordialement|très cordialement|bien à vous|sincères salutations"
        "|salutations distinguées|salutations|cdlt|bonne journée|bonne réception|amicalement",
        "merci|merci d'avance|merci beaucoup|merci par avance|avec mes remerciements",
        "envoyé de|envoyé depuis|envoyé à partir|envoyé avec|obtenir outlook|téléchargez outlook",
        "ce message|ce courriel|ce mail|cet e-mail|cet email|le contenu|les informations"
        "|avertissement|confidentialité",
        "confidentiel|destinataire|par erreur|divulgation|diffusion|non autorisé",
    ),
    "es": Language(
        "saludos|un saludo|saludos cordiales|un cordial saludo|cordialmente|atentamente"
        "|muy atentamente|atte|reciba un cordial saludo|quedo atento|quedo atenta",
        "gracias|muchas gracias|gracias de antemano|gracias y saludos|muchas gracias y saludos",
        "enviado desde|enviado con|obtener outlook",
        "este mensaje|este correo|esta comunicación|la información|aviso|el contenido",
        "confidencial|destinatario|por error|divulgación|prohibid|no autorizad",
    ),
    "pt": Language(
        "atenciosamente|att|cumprimentos|com os melhores cumprimentos|melhores cumprimentos"
        "|cordialmente|abraços|saudações|sem mais",
        "obrigado|obrigada|muito obrigado|muito obrigada|grato|grata|desde já agradeço",
        "enviado do|enviado de|enviado a partir|enviado através|enviado com|obter o outlook"
        "|obtenha o outlook",
        "esta mensagem|este e-mail|este email|as informações|aviso|o conteúdo",
        "confidencia|destinatário|por engano|por erro|divulgação|proibid|não autorizad",
    ),
    "it": Language(
        "cordiali saluti|distinti saluti|saluti|un saluto|cordialmente|buona giornata|a presto",
        "grazie|grazie mille|molte grazie|grazie e saluti|grazie in anticipo|ringrazio",
        "inviato da|inviato dal|inviato con|ottieni outlook|scarica outlook",
        "questo messaggio|questa e-mail|questa email|la presente|le informazioni|il contenuto"
        "|avviso",
        "confidenzial|riservat|destinatari|per errore|divulgazione|vietat|non autorizzat",
    ),
    "nl": Language(
        "met vriendelijke groet|met vriendelijke groeten|vriendelijke groet|vriendelijke groeten"
        "|hartelijke groet|hartelijke groeten|groet|groeten|groetjes|mvg|hoogachtend",
        "bedankt|dank|dank u|dank je|alvast bedankt|dank bij voorbaat|bij voorbaat dank",
        "verstuurd vanaf|verzonden vanaf|verzonden vanuit|verstuurd met|outlook voor",
        "dit bericht|dit e-mailbericht|deze e-mail|de informatie|de inhoud|disclaimer",
        "vertrouwelijk|geadresseerde|bestemd|vergissing|abusievelijk|openbaarmaking|verspreiding",
    ),
    "sv": Language(
        "med vänlig hälsning|med vänliga hälsningar|vänliga hälsningar|vänlig hälsning|mvh"
        "|hälsningar|bästa hälsningar|hälsning",
        "tack|tack på förhand|tack så mycket",
        "skickat från|skickades från|skickat med|hämta outlook",
        "detta mejl|detta meddelande|detta e-post|denna e-post|informationen|innehållet",
        "konfidentiell|mottagare|av misstag|felaktigt|obehörig|sekretess",
    ),
    "da": Language(
        "med venlig hilsen|venlig hilsen|de bedste hilsner|bedste hilsner|mange hilsner|hilsen|mvh",
        "tak|på forhånd tak|mange tak",
        "sendt fra|sendt med|hent outlook",
        "denne e-mail|denne mail|denne meddelelse|indholdet|oplysningerne",
        "fortrolig|modtager|ved en fejl|uberettiget|videregivelse",
    ),
    "no": Language(
        "med vennlig hilsen|vennlig hilsen|beste hilsen|hilsen|med hilsen|mvh",
        "takk|på forhånd takk|tusen takk",
        "sendt fra|sendt med|få outlook",
        "denne e-posten|denne meldingen|innholdet|informasjonen",
        "konfidensiell|fortrolig|mottaker|ved en feil|uvedkommende",
    ),
    "fi": Language(
        "ystävällisin terveisin|parhain terveisin|terveisin|ystävällisesti|terv",
        "kiitos|kiitos etukäteen|kiitoksia|kiittäen",
        "lähetetty|hanki outlook",
        "tämä viesti|tämä sähköposti|viestin sisältö",
        "luottamuksell|vastaanottaja|erehdyksessä|virheellisesti",
    ),
    "pl": Language(
        "pozdrawiam|z poważaniem|z wyrazami szacunku|pozdrowienia|serdecznie pozdrawiam"
        "|łączę pozdrowienia",
        "dziękuję|z góry dziękuję|dziękuję i pozdrawiam|dzięki",
        "wysłane z|wysłano z|pobierz outlook|uzyskaj outlook",
        "ta wiadomość|niniejsza wiadomość|treść tej|informacje zawarte",
        "poufn|adresat|odbiorc|omyłk|pomyłk|błędn|zabronion",
    ),
    "cs": Language(
        "s pozdravem|s přátelským pozdravem|hezký den|pěkný den|zdraví|s úctou",
        "děkuji|děkuji předem|předem děkuji|díky",
        "odesláno z|odesláno přes|získejte outlook",
        "tato zpráva|tento e-mail|obsah této",
        "důvěrn|adresát|příjemc|omylem|neoprávněn",
    ),
    "tr": Language(
        "saygılarımla|saygılarımızla|iyi çalışmalar|iyi günler|sevgiler|selamlar",
        "teşekkürler|teşekkür ederim|şimdiden teşekkürler",
        "gönderildi|outlook'u edinin",
        "bu e-posta|bu mesaj|bu ileti",
        "gizli|alıcı|yanlışlıkla|yetkisiz",
    ),
    "ru": Language(
        "с уважением|с наилучшими пожеланиями|всего доброго|всего хорошего|хорошего дня",
        "спасибо|заранее спасибо|большое спасибо|благодарю",
        "отправлено с|отправлено из",
        "это сообщение|это письмо|данное сообщение|настоящее сообщение|информация",
        "конфиденциальн|адресат|получател|по ошибке|разглашени",
    ),
    "ja": Language(
        "敬具|以上",
        "よろしくお願いします|よろしくお願いいたします|よろしくお願い致します|宜しくお願いします"
        "|宜しくお願いいたします|ありがとうございます",
        "から送信",
    ),
    "zh": Language(
        "此致|敬礼|此致敬礼|祝好|顺颂商祺|順頌商祺",
        "谢谢|謝謝|多谢",
        "发自|來自我的|從我的|发送自",
    ),
    "ko": Language("안녕히 계세요", "감사합니다|고맙습니다", "에서 보냄"),
}  # fmt: skip
