"""Photos as pictures for people: with boxes drawn, and many of them on a contact sheet."""
