"""What the demo model says. It never pretends to be more than a set of rules."""

from typing import Final

GREETING: Final = (
    "Hello! I am Parley's demo assistant: a small set of rules, not a language model. I am here "
    "so that you can try everything without an API key. I can look up stock prices through real "
    'function calls, tell a long story, and show some Markdown. Ask me "What is Apple trading '
    'at?", or type **help** to see all I can do.'
)

WHO: Final = (
    "I am Parley's **demo assistant**. I am rule-based: I look for words I know and answer with "
    "texts that were written beforehand, so I don't understand language the way a model does. "
    "What happens around me is real, though: my function calls are run, my answers are streamed, "
    "and every step is logged just as with GPT or Gemini. Type **help** to see what to try."
)

HELP: Final = """\
I am a rule-based demo, so I know only a few things. Try one of these:

**Function calls**
- *What is Apple trading at?* calls one function
- *Compare Apple and Microsoft* calls two at the same time
- *Should I buy Apple?* calls one after the other

**Answers**
- *Tell me a long story* streams about 600 words; good for pressing Stop
- *Show me Markdown* has headings, code and a table
- *My name is Ada*, and later *What is my name?*

**Commands, for demonstrations and tests**
- `count to 20` streams numbers
- `echo some text` says it back
- `wait 5` stays silent for so many seconds, then answers
- `fail` is an error of the provider
- `break off` is an answer that ends in the middle
- `go on` is the rest of an answer that was stopped or broke off
- `refuse` is a refusal
- `call name {"argument": "value"}` calls any function, one per line
- `loop` calls a function again and again, until Parley's limit
"""

UNKNOWN: Final = (
    "I'm sorry, I don't know what to say to that. I am only a rule-based demo and know a few "
    'topics. Try "What is Apple trading at?", "Should I buy Apple?" or "Tell me a long story", or '
    "type **help** for the whole list. For real conversations, choose a model such as GPT or "
    "Gemini."
)

WHICH: Final = (
    "Which company do you mean? Name one, such as Apple, Microsoft or Tesla, or a ticker symbol, "
    "such as NVDA: *What is Apple trading at?*"
)

NO_PRICES: Final = (
    "I would look that up with the function `get_stock_price`, but it is not on offer in this "
    "conversation, and I don't make prices up. Add it to the assistant's tools and ask me again."
)

NO_ADVICE: Final = (
    "For advice I would ask the function `buy_or_sell`, but it is not on offer in this "
    "conversation."
)

REFUSAL: Final = (
    "I'm sorry, but I can't help with that. (You asked me to refuse, and this is what a refusal "
    "looks like.)"
)

BROKEN_OFF: Final = (
    "This answer was going to be a long one. It had a beginning, it was about to have a middle, "
    "and just when it was getting interesting, the connection"
)
BROKEN_OFF_REST: Final = " broke off. But here is the end, and nobody had to start again."
NOTHING_LEFT: Final = "I have nothing to add to that answer: it was whole."
NOTHING_TO_GO_ON: Final = "I have said nothing yet that I could go on with."

THANKS: Final = "You're welcome! Type **help** if you want to see what else I can do."
GOODBYE: Final = "Goodbye! This conversation is kept; you can come back to it at any time."
FEELINGS: Final = "All my rules are in good order, thank you. What would you like to try?"
JOKE: Final = (
    "A state machine walks into a bar. The barkeeper says: "
    '"I\'m sorry, that is not possible while you are *outside*."'
)
NO_NAME: Final = "You haven't told me your name yet. Say *My name is ...* and ask me again."
NO_INSTRUCTIONS: Final = "I was given no instructions for this conversation."
TOO_FAR: Final = "That is a lot of numbers! I count to 10,000 at most."
NO_CALLS_NOW: Final = "I would call a function now, but was told to call none this time."
PICTURES: Final = (
    "I can't look at pictures: I am only a set of rules. You have shown me {count}. Type **help** "
    "to see what I can do."
)
NOTHING_TO_CALL: Final = "No functions are on offer in this conversation, so there is none to call."

MARKDOWN: Final = '''\
# A little of everything

Markdown can be **bold**, *italic*, ~~struck out~~ or `code`, and a link looks like
[this](https://commonmark.org).

## A list

1. Lists can be numbered,
2. and they can hold others:
   - such as this one,
   - without numbers.

## Some code

```python
def fibonacci(count: int) -> list[int]:
    """Return the first `count` Fibonacci numbers."""
    numbers = [0, 1]
    while len(numbers) < count:
        numbers.append(numbers[-2] + numbers[-1])
    return numbers[:count]
```

## A table

| State | Meaning | Final |
|:--|:--|:-:|
| ready | the message is accepted | no |
| running | the model is answering | no |
| completed | the answer is there | yes |

> And a quotation, to end with: "The log is the truth."
'''
