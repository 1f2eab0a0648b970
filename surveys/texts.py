"""The words of a new survey in each language, ready to send. Administrators change them; each change is a version."""

from __future__ import annotations

from typing import Any

from .choices import Band, Kind

Texts = dict[str, dict[str, Any]]


def texts_for(kind: str) -> Texts:
    """Question, ends of the scale, thanks and the question beside the comment, in English, French and Spanish."""
    return {language: {**words, "follow_up": dict(words["follow_up"])} for language, words in DEFAULTS[kind].items()}


#: The usual scale of each type: NPS 0-10, CES 2.0 agreement 1-7, CSAT 1-5.
SCALES = {Kind.NPS: (0, 10), Kind.CES: (1, 7), Kind.CSAT: (1, 5)}

DEFAULTS: dict[str, Texts] = {
    Kind.NPS: {
        "en": {
            "question": "How likely are you to recommend us to a friend or colleague?",
            "low": "Not at all likely",
            "high": "Extremely likely",
            "thanks": "Thank you. We read every answer.",
            "follow_up": {
                Band.PROMOTER: "What do you like most?",
                Band.PASSIVE: "What would make it a 9 or 10?",
                Band.DETRACTOR: "What is the main reason for your score?",
            },
        },
        "fr": {
            "question": "Dans quelle mesure nous recommanderiez-vous à un proche ou à un collègue ?",
            "low": "Pas du tout",
            "high": "Tout à fait",
            "thanks": "Merci. Nous lisons chaque réponse.",
            "follow_up": {
                Band.PROMOTER: "Qu’appréciez-vous le plus ?",
                Band.PASSIVE: "Que faudrait-il pour arriver à 9 ou 10 ?",
                Band.DETRACTOR: "Quelle est la raison principale de votre note ?",
            },
        },
        "es": {
            "question": "¿Qué probabilidad hay de que nos recomiende a un amigo o colega?",
            "low": "Nada probable",
            "high": "Muy probable",
            "thanks": "Gracias. Leemos todas las respuestas.",
            "follow_up": {
                Band.PROMOTER: "¿Qué es lo que más le gusta?",
                Band.PASSIVE: "¿Qué haría falta para llegar a un 9 o un 10?",
                Band.DETRACTOR: "¿Cuál es el motivo principal de su puntuación?",
            },
        },
    },
    Kind.CES: {
        "en": {
            "question": "The company made it easy for me to handle my issue.",
            "low": "Strongly disagree",
            "high": "Strongly agree",
            "thanks": "Thank you. We read every answer.",
            "follow_up": {
                Band.EASY: "What made it easy?",
                Band.NEUTRAL: "What would have made it easier?",
                Band.HARD: "What made it difficult?",
            },
        },
        "fr": {
            "question": "L’entreprise m’a facilité la résolution de mon problème.",
            "low": "Pas du tout d’accord",
            "high": "Tout à fait d’accord",
            "thanks": "Merci. Nous lisons chaque réponse.",
            "follow_up": {
                Band.EASY: "Qu’est-ce qui a été facile ?",
                Band.NEUTRAL: "Qu’est-ce qui aurait été plus facile ?",
                Band.HARD: "Qu’est-ce qui a été difficile ?",
            },
        },
        "es": {
            "question": "La empresa me facilitó la solución de mi problema.",
            "low": "Totalmente en desacuerdo",
            "high": "Totalmente de acuerdo",
            "thanks": "Gracias. Leemos todas las respuestas.",
            "follow_up": {
                Band.EASY: "¿Qué lo hizo fácil?",
                Band.NEUTRAL: "¿Qué lo habría hecho más fácil?",
                Band.HARD: "¿Qué lo hizo difícil?",
            },
        },
    },
    Kind.CSAT: {
        "en": {
            "question": "How satisfied are you with how we helped you?",
            "low": "Very dissatisfied",
            "high": "Very satisfied",
            "thanks": "Thank you. We read every answer.",
            "follow_up": {
                Band.POSITIVE: "What went well?",
                Band.NEUTRAL: "What could we have done better?",
                Band.NEGATIVE: "What went wrong?",
            },
        },
        "fr": {
            "question": "Êtes-vous satisfait de l’aide que nous vous avons apportée ?",
            "low": "Pas du tout satisfait",
            "high": "Très satisfait",
            "thanks": "Merci. Nous lisons chaque réponse.",
            "follow_up": {
                Band.POSITIVE: "Qu’est-ce qui vous a plu ?",
                Band.NEUTRAL: "Qu’aurions-nous pu mieux faire ?",
                Band.NEGATIVE: "Qu’est-ce qui n’a pas été ?",
            },
        },
        "es": {
            "question": "¿Está satisfecho con la ayuda que le dimos?",
            "low": "Muy insatisfecho",
            "high": "Muy satisfecho",
            "thanks": "Gracias. Leemos todas las respuestas.",
            "follow_up": {
                Band.POSITIVE: "¿Qué salió bien?",
                Band.NEUTRAL: "¿Qué podríamos haber hecho mejor?",
                Band.NEGATIVE: "¿Qué salió mal?",
            },
        },
    },
}
