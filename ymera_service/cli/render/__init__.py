"""How answers look: a function per kind of answer, each returning something that rich prints."""
