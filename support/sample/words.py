"""What customers of a maker of measuring instruments write about, and what they are told."""

from __future__ import annotations

TECHNICAL, REPAIRS, ORDERS = "Technical support", "Repairs and calibration", "Orders and invoices"

#: queue, type, tag, and per language: subject, question, answer
TOPICS: tuple[tuple[str, str, str, dict[str, tuple[str, str, str]]], ...] = (
    (
        TECHNICAL,
        "Problem",
        "firmware",
        {
            "en": (
                "Display freezes after start",
                "Since this morning the display stays at the start screen. Restarting does not help.",
                "Please hold the power button for ten seconds, then install the latest firmware from the service menu.",
            ),
            "fr": (
                "L’écran reste bloqué au démarrage",
                "Depuis ce matin, l’écran reste sur la page de démarrage. Le redémarrage n’y change rien.",
                "Maintenez le bouton marche dix secondes, puis installez le dernier micrologiciel depuis le menu de service.",
            ),
            "es": (
                "La pantalla se bloquea al arrancar",
                "Desde esta mañana la pantalla se queda en el inicio. Reiniciar no sirve.",
                "Mantenga pulsado el botón diez segundos e instale el último firmware desde el menú de servicio.",
            ),
        },
    ),
    (
        TECHNICAL,
        "Question",
        "",
        {
            "en": ("Exporting readings to a spreadsheet", "How do I get the readings of a whole week into one file?",
                   "Choose “Export” in the log, set the period, and take CSV as the format."),
            "fr": ("Exporter les mesures vers un tableur", "Comment obtenir les mesures d’une semaine dans un seul fichier ?",
                   "Choisissez « Exporter » dans le journal, réglez la période et prenez le format CSV."),
            "es": ("Exportar lecturas a una hoja de cálculo", "¿Cómo saco las lecturas de una semana en un solo archivo?",
                   "Elija «Exportar» en el registro, fije el período y tome el formato CSV."),
        },
    ),
    (
        TECHNICAL,
        "Problem",
        "",
        {
            "en": ("Readings drift after two hours", "The values rise slowly although nothing changes at the test bench.",
                   "That is often the probe. Please check it with the reference block and send us the log."),
            "fr": ("Les mesures dérivent après deux heures", "Les valeurs montent lentement alors que rien ne change sur le banc.",
                   "C’est souvent la sonde. Vérifiez-la avec le bloc de référence et envoyez-nous le journal."),
        },
    ),
    (
        REPAIRS,
        "Request",
        "calibration",
        {
            "en": ("Yearly calibration", "Our two instruments are due. When could we send them, and for how long?",
                   "Next week is fine. Calibration takes three working days, the certificate comes with the parcel."),
            "fr": ("Étalonnage annuel", "Nos deux appareils arrivent à échéance. Quand pouvons-nous les envoyer ?",
                   "La semaine prochaine convient. L’étalonnage dure trois jours ouvrés, le certificat est joint au colis."),
            "es": ("Calibración anual", "Nuestros dos equipos vencen. ¿Cuándo podemos enviarlos y por cuánto tiempo?",
                   "La próxima semana va bien. La calibración dura tres días laborables; el certificado va en el paquete."),
        },
    ),
    (
        REPAIRS,
        "Problem",
        "warranty",
        {
            "en": ("Broken battery cover", "The cover came off when we changed the battery. Is that under warranty?",
                   "Yes, it is. A new cover leaves our stock today."),
            "es": ("Tapa de batería rota", "La tapa se soltó al cambiar la batería. ¿Entra en la garantía?",
                   "Sí. Hoy sale una tapa nueva de nuestro almacén."),
        },
    ),
    (
        REPAIRS,
        "Request",
        "spare parts",
        {
            "en": ("Spare probe", "We need a second probe of the same kind. What does it cost?",
                   "I have sent you an offer with the price and the delivery time."),
            "fr": ("Sonde de rechange", "Il nous faut une deuxième sonde du même type. Quel est son prix ?",
                   "Je vous ai envoyé une offre avec le prix et le délai de livraison."),
        },
    ),
    (
        ORDERS,
        "Question",
        "invoice",
        {
            "en": ("Purchase order number missing on the invoice", "Our accounts need our order number on the invoice.",
                   "Here is the corrected invoice. The old one is cancelled."),
            "fr": ("Numéro de commande absent de la facture", "Notre comptabilité a besoin de notre numéro de commande.",
                   "Voici la facture corrigée. L’ancienne est annulée."),
            "es": ("Falta el número de pedido en la factura", "Contabilidad necesita nuestro número de pedido en la factura.",
                   "Aquí está la factura corregida. La anterior queda anulada."),
        },
    ),
    (
        ORDERS,
        "Complaint",
        "return",
        {
            "en": ("Wrong article delivered", "We ordered the long cable and got the short one.",
                   "I am sorry. The right cable leaves today; please send the other one back with the enclosed label."),
            "fr": ("Mauvais article livré", "Nous avions commandé le câble long et avons reçu le court.",
                   "Je suis désolée. Le bon câble part aujourd’hui ; renvoyez l’autre avec l’étiquette jointe."),
        },
    ),
)  # fmt: skip

ASK_AGAIN = {
    "en": ("That did not help yet. What else can we try?", "Here is what you asked for.", "And how long will that take?"),
    "fr": (
        "Cela n’a pas encore aidé. Que pouvons-nous essayer ?",
        "Voici ce que vous avez demandé.",
        "Et combien de temps faut-il ?",
    ),
    "es": ("Todavía no funciona. ¿Qué más podemos probar?", "Aquí tiene lo que pidió.", "¿Y cuánto tiempo llevará?"),
}
MORE = {
    "en": (
        "Could you send us the serial number and a photo, please?",
        "I have asked our workshop and will write again tomorrow.",
    ),
    "fr": ("Pourriez-vous nous envoyer le numéro de série et une photo ?", "J’ai interrogé l’atelier et vous réécris demain."),
    "es": ("¿Nos puede enviar el número de serie y una foto?", "He preguntado al taller y le escribo mañana."),
}
THANKS = {"en": "Thank you, it works now!", "fr": "Merci, cela fonctionne !", "es": "¡Gracias, ya funciona!"}
BACK = {"en": "It happens again, sadly.", "fr": "Malheureusement, cela recommence.", "es": "Por desgracia, vuelve a pasar."}
NOTE = "Called the workshop: parts are in stock, they can do it this week."
