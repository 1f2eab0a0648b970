"""The words of the sample: invented firms and people. Addresses end in .example; phone numbers are from ranges kept for fiction
where a country has them. No mail and no call made by mistake reaches anybody."""

from __future__ import annotations


def listed(text: str) -> tuple[str, ...]:
    """The items of a list with commas."""
    return tuple(" ".join(item.split()) for item in text.split(","))


def grouped(text: str) -> tuple[tuple[str, ...], ...]:
    """The same, by threes."""
    items = listed(text)
    return tuple(items[place : place + 3] for place in range(0, len(items), 3))


#: country -> (language of its names, sales team, weight)
COUNTRIES = {
    "FR": ("fr", "France", 0.32),
    "BE": ("fr", "France", 0.06),
    "CH": ("fr", "France", 0.05),
    "ES": ("es", "Iberia", 0.25),
    "MX": ("es", "Iberia", 0.05),
    "GB": ("en", "Northern Europe", 0.11),
    "IE": ("en", "Northern Europe", 0.03),
    "US": ("en", "Northern Europe", 0.04),
    "DE": ("de", "Northern Europe", 0.07),
    "AT": ("de", "Northern Europe", 0.02),
}

CITIES = {
    "FR": ("Lyon", "Nantes", "Lille", "Grenoble", "Toulouse", "Rennes", "Strasbourg", "Paris", "Dijon", "Rouen"),
    "BE": ("Liège", "Namur", "Bruxelles", "Charleroi"),
    "CH": ("Lausanne", "Genève", "Neuchâtel"),
    "ES": ("Madrid", "Barcelona", "Valencia", "Bilbao", "Zaragoza", "Sevilla", "Vigo", "Murcia"),
    "MX": ("Monterrey", "Querétaro", "Guadalajara"),
    "GB": ("Leeds", "Bristol", "Sheffield", "Manchester", "Glasgow", "Cambridge"),
    "IE": ("Cork", "Galway", "Dublin"),
    "US": ("Boston", "Milwaukee", "Pittsburgh", "Portland"),
    "DE": ("Stuttgart", "Leipzig", "Bremen", "Nürnberg", "Aachen"),
    "AT": ("Linz", "Graz"),
}

#: country -> how mobile and desk numbers begin; # is a digit
PHONES = {
    "FR": ("06 39 98 ## ##", "01 99 00 ## ##"),
    "BE": ("+32 455 00 0# ##", "+32 2 000 0# ##"),
    "CH": ("+41 79 000 0# ##", "+41 21 000 0# ##"),
    "ES": ("+34 600 000 ###", "910 000 ###"),
    "MX": ("+52 55 0000 0###", "+52 81 0000 0###"),
    "GB": ("07700 900###", "020 7946 0###"),
    "IE": ("+353 20 910 0###", "+353 20 913 0###"),
    "US": ("+1 617 555 01##", "+1 414 555 01##"),
    "DE": ("+49 171 39200 ##", "+49 30 23125 ###"),
    "AT": ("+43 677 000 0## ##", "+43 1 000 0## ##"),
}

INDUSTRIES = listed(
    "Food and drink, Pharmaceuticals, Chemicals, Water, Energy, Automotive, Aerospace, Semiconductors, Research, Hospitals"
)

ROOTS = {
    "fr": listed(
        """
        Valombre, Auberive, Montclar, Serrelac, Brévannes, Castelune, Durandal, Eaubrune, Fontarive, Givrac, Hautefeuil,
        Isarin, Jouvelle, Lormelin, Marensac, Noirval, Orvelle, Pradelin, Rochemaure, Tourvieux
        """
    ),
    "es": listed(
        """
        Alborán, Bermejal, Cantueso, Duerana, Encinar, Ferrolán, Guadarín, Hinojal, Jarama Sur, Lentisca, Montesol, Navaluz,
        Olivares Norte, Peñarrubia, Robledal, Salinera, Tajuña, Valdemora, Yeguada, Zarzalejo
        """
    ),
    "en": listed(
        """
        Aldervale, Brackwater, Calderstone, Dunmarrow, Eastholme, Fenwright, Greyharbour, Hollowmere, Ironbeck, Kestrelford,
        Larkmoor, Millhaven, Northwick, Oakenshaw, Pennyroyal, Ravensgill, Stonebridge Vale, Thornfell
        """
    ),
    "de": listed(
        """
        Altmühlen, Birkenau, Dornfels, Eichgrund, Falkenried, Grünwalden, Hohenbach, Lindental, Rabenstein, Waldkirchen
        """
    ),
}

#: language -> three words for each of the industries, in their order
TRADES = {
    "fr": grouped(
        """
        Laiteries, Brasseries, Conserveries, Pharma, Laboratoires, Biologie, Chimie, Résines, Peintures, Eaux, Assainissement,
        Hydraulique, Énergie, Réseaux, Turbines, Mécanique, Équipements, Carrosserie, Aéro, Composites, Propulsion, Microtech,
        Photonique, Composants, Institut, Centre d’études, Recherche, Clinique, Hôpital, Centre médical
        """
    ),
    "es": grouped(
        """
        Lácteos, Bodegas, Conservas, Farma, Laboratorios, Biotecnia, Química, Resinas, Pinturas, Aguas, Saneamiento,
        Hidráulica, Energía, Redes, Turbinas, Mecánica, Componentes, Motor, Aero, Compuestos, Propulsión, Microtec, Fotónica,
        Circuitos, Instituto, Centro de estudios, Investigación, Clínica, Hospital, Centro médico
        """
    ),
    "en": grouped(
        """
        Foods, Brewing, Dairies, Pharma, Laboratories, Biologics, Chemicals, Resins, Coatings, Water, Utilities, Hydraulics,
        Energy, Grid, Turbines, Motors, Castings, Drivetrain, Aero, Composites, Propulsion, Microsystems, Photonics, Devices,
        Institute, Research, Laboratory, Hospital, Clinics, Health
        """
    ),
    "de": grouped(
        """
        Molkerei, Brauerei, Lebensmittel, Pharma, Labor, Biotechnik, Chemie, Harze, Lacke, Wasser, Stadtwerke, Hydraulik,
        Energie, Netze, Turbinen, Fahrzeugtechnik, Guss, Antriebe, Luftfahrt, Verbundstoffe, Triebwerke, Mikrotechnik,
        Photonik, Bauteile, Institut, Forschung, Messzentrum, Klinik, Krankenhaus, Ärztehaus
        """
    ),
}

FIRST_NAMES = {
    "fr": listed(
        """
        Camille, Julien, Élodie, Mathieu, Aurélie, Nicolas, Sandrine, Thibault, Margaux, Fabien, Noémie, Olivier, Delphine,
        Rémi, Pauline, Yann, Solène, Gaspard, Maëlle, Bastien, Corinne, Loïc, Amina, Karim
        """
    ),
    "es": listed(
        """
        Lucía, Javier, Carmen, Álvaro, Elena, Pablo, Rocío, Sergio, Nuria, Andrés, Irene, Manuel, Pilar, Rubén, Silvia, Tomás,
        Alba, Gonzalo, Mercedes, Iker, Ainhoa, Jordi, Ximena, Emilio
        """
    ),
    "en": listed(
        """
        Emma, Jack, Priya, Thomas, Grace, Daniel, Hannah, Callum, Niamh, Samuel, Charlotte, Rory, Amara, Edward, Louise,
        Patrick, Megan, Joshua, Ruth, Owen, Zoe, Marcus, Fiona, Ellis
        """
    ),
    "de": listed(
        """
        Katrin, Jonas, Heike, Matthias, Sabine, Lukas, Franziska, Stefan, Birgit, Florian, Julia, Markus
        """
    ),
}

LAST_NAMES = {
    "fr": listed(
        """
        Delmas, Rousselin, Barbier, Chauvet, Garnaud, Lemoine, Perrichon, Vasseur, Aubertin, Meunier, Collinet, Fabre,
        Guérard, Jacquemin, Legrand, Morvan, Pelletier, Renouf, Saulnier, Thévenet, Benali, Diallo
        """
    ),
    "es": listed(
        """
        Arroyo, Bermúdez, Cabrera, Domínguez, Echevarría, Fuentes, Gallardo, Herrero, Iglesias, Lozano, Marín, Navarro,
        Ortega, Pascual, Quintero, Robles, Sepúlveda, Toledo, Urrutia, Vidal, Zamora, Peralta
        """
    ),
    "en": listed(
        """
        Ashworth, Barlow, Carrick, Dawlish, Ellery, Farrow, Gallagher, Hartley, Ingram, Kearney, Lockwood, Mercer, Norris,
        Okafor, Pemberton, Quill, Redmond, Sharma, Tranter, Underwood, Whitlock, Yates
        """
    ),
    "de": listed(
        """
        Albrecht, Brandt, Dietrich, Ebersbach, Friedrichs, Gerlach, Hoffmeister, Kessler, Lindner, Reuter, Seidel, Vogt
        """
    ),
}

JOB_TITLES = (
    ("Quality manager", 5), ("Laboratory manager", 4), ("Purchasing manager", 4), ("Plant manager", 3), ("Process engineer", 4),
    ("Maintenance manager", 3), ("Head of metrology", 3), ("Technical director", 2), ("Buyer", 3), ("Finance director", 1),
    ("Managing director", 1), ("Research engineer", 2),
)  # fmt: skip

#: source, medium -> share of leads, how likely one becomes a customer, what brought it
SOURCES = {
    "Website": ("organic", 0.24, 1.0, ("", "")),
    "Google Ads": ("cpc", 0.19, 0.7, ("brand-search", "gas-analysers", "flow-meters")),
    "LinkedIn": ("paid social", 0.13, 0.65, ("quality-leaders", "pharma-compliance")),
    "Newsletter": ("email", 0.10, 1.0, ("spring-catalogue", "calibration-week", "year-end-offer")),
    "Webinar": ("event", 0.11, 1.1, ("traceability-webinar", "water-quality-webinar")),
    "Trade fair": ("event", 0.12, 1.3, ("measure-expo", "pharma-days")),
    "Referral": ("referral", 0.11, 1.9, ("",)),
}

LANDING_PAGES = (
    "/products/analysers/",
    "/products/flow/",
    "/calibration/",
    "/request-a-quote/",
    "/software/meridian-cloud/",
    "/guides/traceability/",
)
TERMS = ("gas analyser price", "flow meter calibration", "ultrasonic flow meter", "moisture analyser", "iso 17025 calibration")
CONTENTS = ("text-a", "text-b", "carousel", "video-30s", "footer-link")

WISHES = (
    "Wants a quote for two units and yearly calibration.",
    "Asks for a data sheet and delivery time.",
    "Replaces analysers that are ten years old; budget agreed for this year.",
    "Compares three suppliers, decides with the plant manager.",
    "Needs certificates for an audit, is in a hurry.",
    "Downloaded the traceability guide, no project yet.",
    "Would like a demonstration on site.",
    "Looks for software that collects readings from several plants.",
)

CALL_NOTES = (
    "Went through the specification. Sends the quantities by Friday.",
    "Talked about delivery times; six weeks are fine.",
    "Budget is there, the purchase order needs two signatures.",
    "Wants the calibration certificates in the offer.",
    "Compares us with their present supplier; service is what counts.",
    "Asked for a reference in the same industry.",
    "Plant stop is planned, installation must happen in that week.",
)
MAIL_NOTES = (
    "Sent the offer with two options.",
    "Sent data sheets and the drawing.",
    "Answered the questions on accuracy and drift.",
    "Confirmed the dates of the visit.",
    "Reminder with the changed delivery time.",
    "Thanked for the order confirmation, passed it on to logistics.",
)
MEETING_NOTES = (
    "Demonstration on site, four people there. Liked the remote diagnosis.",
    "Walked through the plant, measured pipe diameters, took photos.",
    "Video call with quality and purchasing; open point is the warranty.",
    "Negotiation: three percent less for a three-year service contract.",
    "Kick-off with the maintenance team, dates agreed.",
)
NO_ANSWER_NOTES = ("", "", "Tries again tomorrow morning.", "Switchboard says back on Monday.")

TASKS = (
    ("call", "Call about the offer"),
    ("call", "Ask for the purchase order"),
    ("mail", "Send the revised offer"),
    ("mail", "Send references"),
    ("meeting", "Arrange a demonstration"),
    ("call", "Agree on the installation date"),
    ("mail", "Send calibration certificates"),
    ("call", "Yearly check-in"),
)
