"""How hard a text is to read: the years of school that it takes to read it with ease, in English and in Spanish."""

import re

SENTENCE_ENDS = re.compile(r"[.!?:;](?=\s|$)|\n")
NO_WORDS = re.compile(r"\S*\d\S*|\(TTY|\(TDD|www\.\S+")  # numbers are read digit by digit, and have no syllables
SILENT_ENDING = re.compile(r"(?:[^laeiouy]es|[^aeiouytd]ed|[^laeiouy]e)$")
VOWELS = re.compile(r"[aeiouy]+")


def grade(text: str) -> float:
    """The grade of a text: 0.39 words a sentence, 11.8 syllables a word, less 15.59 (Kincaid et al., 1975)."""
    sentences = [s for s in SENTENCE_ENDS.split(NO_WORDS.sub("", text)) if re.search("[a-z]", s)]
    words = [word for s in sentences for word in re.findall(r"[A-Za-z']+", s)]
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def syllables(word: str) -> int:
    """The syllables of an English word, counted by its vowels."""
    plain = SILENT_ENDING.sub("", word.casefold())
    return max(1, len(VOWELS.findall(plain)))


STRONG, WEAK = "aeoáéíóúàèò", "iuüy"
NUCLEUS = re.compile(rf"[{WEAK}]*[{STRONG}][{WEAK}]*|[{WEAK}]+")


def grade_in_spanish(text: str) -> float:
    """The grade of a Spanish text: 0.049 syllables and -0.205 sentences per 100 words, less 3.407 (Crawford, 1984)."""
    sentences = [s for s in SENTENCE_ENDS.split(NO_WORDS.sub("", text)) if re.search("[a-z]", s)]
    words = [word for s in sentences for word in re.findall(r"[A-Za-zÁÉÍÓÚÜÑáéíóúüñ]+", s)]
    spoken = 100 * sum(map(syllables_in_spanish, words)) / len(words)
    return 0.049 * spoken - 0.205 * 100 * len(sentences) / len(words) - 3.407


def syllables_in_spanish(word: str) -> int:
    """The syllables of a Spanish word: an accented i or u stands for itself, and so does each of two strong vowels."""
    plain = re.sub(r"([qg])u(?=[eiéí])", r"\1", word.casefold())
    plain = re.sub(r"y(?=[aeiouáéíóú])", "ll", plain)
    plain = re.sub(r"([íú])", r".\1.", plain)
    return max(1, len(NUCLEUS.findall(plain)))
