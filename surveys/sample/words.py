"""What sample customers write, by how content they are, in three languages."""

from __future__ import annotations

GOOD: dict[str, tuple[str, ...]] = {
    "en": (
        "Quick answer, and it worked at the first try.",
        "You always pick up the phone. That is rare.",
        "Setup took an hour instead of the week we had planned for.",
        "Reliable, and the people know our machines.",
        "The new dashboard saves me a meeting every Monday.",
        "Great support, thank you Nadia!",
        "No surprises on the invoice. I like that.",
    ),
    "fr": (
        "Réponse rapide et claire, merci.",
        "Installation en une matinée, sans arrêt de la ligne.",
        "Une équipe qui connaît vraiment notre métier.",
        "Tout a fonctionné du premier coup.",
        "Très bon suivi après la livraison.",
    ),
    "es": (
        "Respuesta rápida y amable, gracias.",
        "La instalación fue mucho más sencilla de lo que pensábamos.",
        "Siempre hay alguien que conoce nuestro caso.",
        "El seguimiento después de la entrega fue excelente.",
    ),
}
MIDDLE: dict[str, tuple[str, ...]] = {
    "en": (
        "Good product, but the manual is out of date.",
        "It works. The delivery came two days late.",
        "Fine in the end, I had to ask twice.",
        "More examples in the documentation would help.",
    ),
    "fr": (
        "Correct, mais la documentation date un peu.",
        "Il a fallu relancer une fois.",
        "Bon produit, délais un peu longs.",
    ),
    "es": (
        "Está bien, aunque hubo que insistir una vez.",
        "Buen producto, la documentación se queda corta.",
        "La entrega llegó con dos días de retraso.",
    ),
}
BAD: dict[str, tuple[str, ...]] = {
    "en": (
        "Waited four days for an answer that was a link to the manual.",
        "The same fault for the third time this quarter.",
        "I was handed from one person to the next and explained everything again each time.",
        "The invoice did not match the offer, and nobody could say why.",
        "Your form kept losing what I had typed.",
    ),
    "fr": (
        "Quatre jours d’attente pour une réponse toute faite.",
        "Troisième panne identique ce trimestre.",
        "J’ai dû tout réexpliquer à chaque interlocuteur.",
        "La facture ne correspondait pas au devis.",
    ),
    "es": (
        "Cuatro días de espera para una respuesta de plantilla.",
        "La misma avería por tercera vez este trimestre.",
        "Tuve que explicar todo de nuevo a cada persona.",
        "La factura no coincidía con la oferta.",
    ),
}


def comments(band_is: str) -> dict[str, tuple[str, ...]]:
    """The words for good, middle and low answers."""
    return {"good": GOOD, "middle": MIDDLE, "low": BAD}[band_is]
