"""Text and words as they are read, of questions and of names alike: words, units, synonyms, spelling. Pure."""
