"""Letters without case and accents: `fold` does to them what the analysis of an index does."""

import unicodedata

# Latin letters that are no others with an accent, by what Lucene's ASCIIFoldingFilter writes for them. Most of the
# rest decompose. (The filter also writes capitals for some, after the lower case; and f for a long s with a dot.)
_LETTERS = str.maketrans({
    letter: folded
    for folded, letters in {
        "a": "ɐəɚᴀᶏᶕẚⱥ", "b": "ƀƃɓʙᴃᵬᶀ", "c": "ƈȼɕʗᴄↄꜿ", "d": "ðđƌȡɖɗᴅᴆᵭᶁᶑꝺ", "e": "ǝɇɘɛɜɝɞʚᴇᴈᶒᶓᶔⱸⱻ", "f": "ƒᵮᶂꜰꝼꟻ",
        "g": "ǥɠɡɢʛᵷᵹᶃꝿ", "h": "ħɥɦʜʮʯⱨⱶ", "i": "ıɨɪᴉᵻᵼᶖꟾ", "j": "ȷɉɟʄʝᴊ", "k": "ƙʞᴋᶄⱪꝁꝃꝅ", "l": "Ŀŀłƚȴɫɬɭʟᴌᶅⱡꝇꝉꞁ",
        "m": "ɯɰɱᴍᵯᶆꟽꟿ", "n": "ŉŋƞȵɲɳɴᴎᵰᶇ", "o": "øǿɔɵᴏᴐᴖᴗᶗⱺꝋꝍ", "p": "ƥᴘᵱᵽᶈꝑꝓꝕꟼ", "q": "ĸɋʠꝗꝙ", "r": "ɍɼɽɾɿʀʁᴙᴚᵲᵳᶉꝛꞃ",
        "s": "ȿʂᵴᶊẜẝꜱꞅ", "t": "ŧƫƭȶʇʈᴛᵵⱦ", "u": "ʉᴜᵾᶙ", "v": "ʋʌᴠᶌⱱⱴꝟ", "w": "ƿʍᴡⱳ", "x": "ᶍ", "y": "ƴɏʎʏỿ",
        "z": "ƶȝȥɀʐʑᴢᵶᶎⱬꝣ", "aa": "ꜳ", "ae": "æǣǽᴁᴂ", "ao": "ꜵ", "au": "ꜷ", "av": "ꜹꜻ", "ay": "ꜽ", "db": "ȸ",
        "dz": "ʣʥ", "hv": "ƕ", "ll": "ỻ", "ls": "ʪ", "lz": "ʫ", "oe": "œɶᴔ", "oo": "ꝏ", "ou": "ȣᴕ", "qp": "ȹ",
        "tc": "ʨ", "th": "þᵺꝧ", "ts": "ʦ", "tz": "ꜩ", "ue": "ᵫ", "vy": "ꝡ",
    }.items()
    for letter in letters
})  # fmt: skip


def fold(text: str) -> str:
    """Text as an index folds it: in lower case, Latin letters without accents. Marks of other scripts are letters."""
    if text.isascii():
        return text.lower()
    folded: list[str] = []
    # Some letters of the table would decompose to a letter and a sign.
    for char in unicodedata.normalize("NFKC", text.translate(_LETTERS)).casefold().translate(_LETTERS):
        base = unicodedata.normalize("NFD", char)[0]
        if base.isascii():
            folded.append(base)
        elif not (unicodedata.combining(char) and folded and folded[-1].isascii()):
            folded.append(char)
    return "".join(folded)


def base_letters(text: str) -> str:
    """Text folded, and without the marks of other scripts too, for texts that are compared with one another alone."""
    return text.lower() if text.isascii() else without_marks(fold(text))


def without_marks(text: str) -> str:
    """Text without accents and other marks of any script: 'Café' -> 'Cafe', 'Łódź' -> 'Łodz'."""
    return "".join(char for char in unicodedata.normalize("NFKD", text) if not unicodedata.combining(char))
