"""The demo model's long story: one plot, told of other people and places every time."""

from dataclasses import asdict, dataclass
from typing import Final

from conversation.turns import Turn


@dataclass(frozen=True, slots=True)
class _Cast:
    hero: str
    town: str
    shore: str
    storm: str
    gift: str


_CASTS: Final = (
    #     hero      town        shore                  storm                       gift
    _Cast("Marta", "Averholm", "the northern cliffs", "a storm out of the west", "a honey cake"),
    _Cast("Ines", "Port Salva", "the long sandbar", "the first gale of autumn", "a warm loaf"),
    _Cast("Runa", "Skarvik", "the mouth of the fjord", "a driving snowstorm", "a jug of plum wine"),
    _Cast("Odile", "Saint-Brac", "the salt marshes", "the worst gale of the year", "a smoked eel"),
)  # fmt: skip

_PLOT: Final = """\
**The Keeper of {town}**

In {town}, where the road ends at {shore}, there stood a lighthouse that was also a post office. \
Its keeper was called {hero}. By night she lit the lamp, and by day she passed on whatever the \
ships and the townspeople had to say to each other, for nobody on land spoke the language of the \
captains, and no captain spoke the language of the land.

{hero} had one habit that everybody smiled at. Before she passed a message on, she wrote it down \
in a thick grey book: who had said it, to whom, and at what hour. Only when the ink was dry did \
she climb the stairs and signal with her flags. "You would be twice as quick without the book," \
the baker used to say. "Quick is easy," said {hero}. "I would rather be able to answer."

The years went by, and the books filled a shelf, then two, then a wall. The captains asked for \
many things. Some wanted to know the price of rope, and {hero} sent a boy running to the market. \
Some asked for two things in one breath, and she sent two boys, and waited until both were back \
before she hoisted a single flag. If a boy came home with empty hands, she signalled that, too. \
"A captain can steer around a rock he has been told of," she said.

Then came {storm}. It tore the flags from their lines and put out the lamp, and in the middle of \
the night the stairs gave way under {hero}, who lay at the foot of them until morning with a \
broken leg. Eleven ships were out there. Each of them had asked something, each was waiting for \
an answer, and there was nobody left who knew what had been said.

It was the baker's daughter who found her. She was fourteen, she had never signalled in her \
life, and she was about to run for the doctor when {hero} pointed at the grey book on the desk. \
"Read," she said. "From the last line that is ticked."

So the girl read. The first ship had been answered. The second had asked for the depth of the \
harbour, and no boy had been sent: that could be done now. The third had asked for a doctor to \
be rowed out, and here the book said only that the boat had left. The girl's finger stopped. \
"Shall I send it again?" she asked. {hero} shook her head. "A boat that has left is not sent \
twice. Tell the captain what we know, and let him decide." And that is what she did.

By noon all eleven ships had their answers. Not one had been asked to say anything again, and \
most of the captains never learned that the hand on the flags had changed. The last to come in \
was an old man with a white beard, who had crossed all the seas there are. He climbed the mended \
stairs, sat down beside the bed, and laid {gift} on the blanket.

"In other harbours," he said, "they are faster. But when the wind blows, they forget me, and I \
start again from the beginning. Here I have never once had to start again. How do you do it?"

{hero} laughed until her leg hurt. Then she gave him the grey book, and he turned the pages for \
a long time. It was all there: every question, every errand, every answer, in the order in which \
it had happened, with the hour beside it.

They say the lighthouse is still standing, and that the baker's daughter keeps it now. The lamp \
is electric and the flags are gone. But on the desk by the window lies a thick grey book, and \
when a message comes in, however urgent, you can hear the scratching of a pen before you hear \
anything else. The baker, who is very old, no longer smiles about it. He has asked for a book of \
his own.
"""


def story(turn: Turn) -> str:
    """Return a story of some 600 words; the next one in a thread is told of somebody else."""
    cast = _CASTS[len(turn.messages) // 2 % len(_CASTS)]
    return _PLOT.format(**asdict(cast))
