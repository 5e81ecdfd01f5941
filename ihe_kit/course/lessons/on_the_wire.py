"""The items of lesson 03, On the wire: frames, acknowledgments, silence, repetition, and a receiver that can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ihe_kit.core import cited
from ihe_kit.course.cutting import story
from ihe_kit.course.forms import break_it, by_steps, faded, order
from ihe_kit.course.items import (
    Answer,
    Choice,
    Context,
    Example,
    Exercise,
    Goal,
    Lesson,
    Part,
    Prediction,
    Question,
    Step,
    Tile,
    Verdict,
    Wrong,
)  # fmt: skip
from ihe_kit.crosswalk import person
from ihe_kit.region import Sandbox
from ihe_kit.v2 import V2Message
from ihe_kit.v2.delivery import decide
from ihe_kit.v2.wire import Frame, frame, unframe
from ihe_kit.verbs import exchange, parse

# 03.w1, 03.2 and 03.3: what to do with an answer, or with none -------------------------------------------------------------------------

CAME, TAKEN, NEXT = "Did an answer come?", "Was the message taken?", "What does the sender do next?"
OPTIONS = (
    ("yes, to this message", "yes, to another message", "no"),
    ("yes", "not yet, but it is kept safe", "no", "nobody knows"),
    ("nothing, it is done", "wait", "repair the message", "send it again", "call someone"),
)


NEXT_IS = {
    "repair the message": "AE says that something in the message is wrong. Unchanged, it gets the same answer.",
    "send it again": "Silence says nothing about the message, so the same bytes go out again.",
    "wait": "CA is only the receipt. The result, AA, AE or AR, is still to come: wait for it.",
}


def deciding(*values: str) -> tuple[Step, ...]:
    """The three steps from what came to what is done."""
    hows = (
        "MSA-2 repeats the control ID, MSH-10, of the message that is answered. Only that tells them apart.",
        "AA: yes. CA: the receiver keeps it safe and works on it later. AE, AR: no. Silence says neither.",
        NEXT_IS[values[2]],
    )
    return tuple(Step(label, value, how) for label, value, how in zip((CAME, TAKEN, NEXT), values, hows, strict=True))


def _chosen(steps: Sequence[Step], given: Sequence[int] = ()) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    """The parts of a faded example, each to be chosen from the same words."""
    parts, solution = faded(steps, given)
    return tuple(part if part.fixed else replace(part, options=OPTIONS[k]) for k, part in enumerate(parts)), solution


REFUSED = deciding("yes, to this message", "no", "repair the message")
SILENCE = deciding("no", "nobody knows", "send it again")
COMMITTED = deciding("yes, to this message", "not yet, but it is kept safe", "wait")
EXAMPLE = Example(
    id="03.w1",
    standard="v2",
    task="You sent F00003. This comes back: `MSA|AE|F00003`, and an ERR segment that says: required field missing, PV1-2.",
    steps=REFUSED,
    why="AE speaks about the content. Somebody mends the message, and the mended one is a new message with a control ID of its own.",
    spec="ITI TF-2 Appendix C.2.3.1",
)
_COMMIT_SLIPS = {
    "yes": "AA would say so. The C in CA is for *commit*: the receiver has put it into safe storage.",
    "no": "A refusal would be CE or CR.",
    "nobody knows": "Something was said: the receiver keeps it safe, so it need not be sent again.",
}
_SILENCE_SLIPS = {
    "call someone": "First send it again; after the agreed number of tries, call someone. One silence in a day is no reason to wake anybody.",
    "wait": "Ten seconds are over, and nothing says that an answer is still on its way.",
    "repair the message": "Nothing says that anything in the message is wrong.",
}
_NEXT_SLIPS = {
    "send it again": "CA says that the receiver keeps the message safe, so it need not be sent again. What is still to come?",
    "repair the message": "Nothing has been refused so far. What is still to come?",
    "call someone": "So far everything goes as it should. What is still to come?",
}
_GAPS, _BLANK = _chosen(SILENCE, given=(0,)), _chosen(COMMITTED)

# 03.1: frames in a stream --------------------------------------------------------------------------------------------------------------

_ONE, _TWO = b"MSH|^~\\&|ADT|NORDVIK|||||ADT^A01|1", b"MSH|^~\\&|ADT|NORDVIK|||||ADT^A01|2"
STREAMS: tuple[tuple[str, bytes, str], ...] = (
    ("Two whole frames in one packet", frame(_ONE) + frame(_TWO), "A packet is how the network carries bytes. It says nothing about where a message ends; VT and FS CR do."),
    ("One frame that comes in five packets", frame(_ONE), "The receiver keeps what it has and waits until FS CR comes."),
    ("A frame whose FS comes without the CR behind it, and then silence", frame(_ONE)[:-1], "The end of a block is two bytes. As long as the second one is missing the frame is open."),
)  # fmt: skip
COUNTS = ("0", "1", "2", "3")


def _whole(data: bytes) -> str:
    return str(sum(isinstance(found, Frame) for found in unframe(data)[0]))


def check_streams(answer: Answer, _: Context) -> Verdict:
    """The kit's own reader says how many whole messages there are."""
    wrong = [clue for (_says, data, clue), given in zip(STREAMS, answer, strict=True) if given != _whole(data)]
    if wrong:
        return Verdict(False, f"{len(STREAMS) - len(wrong)} of {len(STREAMS)} fit.", wrong[0])
    return Verdict(True, "Right, all three.", "The bytes were given to the reader that the region uses. It counts frames, never packets.")


# 03.4: two rejections ------------------------------------------------------------------------------------------------------------------

_HEAD = "MSH|^~\\&|IDENTITY|FJORDLAND|ADT|NORDVIK|20250303080000+0100||ACK|K1|P|2.5\r"
REJECTED: tuple[tuple[str, str, str], ...] = (
    ("To F00008: `MSA|AR|F00008`, and `ERR||MSH^1^9^1^2|201`, event not supported.", "MSA|AR|F00008\rERR||MSH^1^9^1^2|201|E\r",
     "ERR-2 names MSH-9, the kind of message. Will the header be another one, if the same bytes come again?"),
    ("To F00009: `MSA|AR|F00009`, and `ERR|||207`, no place is named. The receiver is being backed up.", "MSA|AR|F00009\rERR|||207|E\r",
     "ERR-2 is empty: no place in the message is to blame, the header neither. AR is the last word about this attempt, no second answer follows. What will have changed in an hour?"),
)  # fmt: skip
_WORDS = {
    "done": OPTIONS[2][0],
    "wait": "wait for the second answer",
    "repair": "repair the message",
    "send again": "send it again later",
    "call someone": "call someone",
}


def _does(answer: str) -> str:
    """What the kit's own sender does with an answer, in the words of the exercise."""
    message = parse(_HEAD + answer)
    assert isinstance(message, V2Message)
    return _WORDS[decide(message).what]


def check_rejected(answer: Answer, _: Context) -> Verdict:
    """The table by which the kit sends says what is done."""
    wrong = [clue for (_says, text, clue), given in zip(REJECTED, answer, strict=True) if given != _does(text)]
    if wrong:
        return Verdict(False, f"{len(REJECTED) - len(wrong)} of {len(REJECTED)} fit.", wrong[0])
    return Verdict(True, "Right, both.", "Twice AR, and two decisions: the ERR segment makes the difference.")


# 03.5: a Monday -------------------------------------------------------------------------------------------------------------------------

CAUSES = (
    "the network loses messages",
    "the sender gives up before the answer comes",
    "somebody admits patients twice",
    "the receiver's disk is full",
)
FIRST = (
    "make the receiver take each control ID once",
    "let the sender wait for 5 seconds",
    "let the sender try only once",
    "delete the duplicates",
)
REASONS = (
    "Waiting longer makes it rarer. Only a receiver that remembers makes it harmless, and the next slow Monday will come.",
    "The receiver is always to blame for duplicates.",
    "A longer wait slows the whole hospital down.",
)
MONDAY = (CAUSES[1], FIRST[0], REASONS[0])
MONDAY_CLUES = (
    "Look at the two logs: the receiver answered every message. When did the answer come, and when did the sender stop listening?",
    "Which of the four still helps when the receiver needs 6 seconds tomorrow? And which one loses nothing?",
    "Rarer, or harmless?",
)


def check_monday(answer: Answer, _: Context) -> Verdict:
    """Cause, first repair, and why in this order."""
    wrong = [clue for given, fits, clue in zip(answer, MONDAY, MONDAY_CLUES, strict=True) if given != fits]
    if wrong:
        return Verdict(False, f"{len(MONDAY) - len(wrong)} of {len(MONDAY)} fit.", wrong[0])
    return Verdict(
        True, "Right, all three.", "First the receiver, so that a repetition does no harm; then the waiting time, so that there are fewer."
    )


# 03.7: three repetitions, three answers -----------------------------------------------------------------------------------------------

SOUND = story("ITI-31", person("ingrid"), id="W")
CHANGES = {
    "Send the very same bytes once more": {},
    "Send another patient under the same control ID": {"PID-3.1": "4455", "PID-5.1": "Lie", "PID-5.2": "Bjørn"},
    "Send the same admission under a new control ID": {"MSH-10": "W00099"},
}


ANSWERS = ("AA: accepted", "AE: refused, something in the message is wrong", "AR: rejected", "nothing: no answer comes")


def _admitted(box: Sandbox) -> object:
    return exchange("ITI-31", parse(SOUND), box)


EXERCISES = (
    Exercise(
        id="03.1",
        standard="v2",
        task="How many whole messages does the receiver have in each case? No code is needed.",
        parts=tuple(Part(says, COUNTS) for says, _, _ in STREAMS),
        check=check_streams,
        hints=(
            "Count what begins with VT and ends with FS CR. Packets do not matter.",
            "Two frames stay two, also side by side. A frame whose end has not come is not whole yet.",
            "2, 1, and 0 as long as the last byte is missing.",
        ),
        solution=tuple(_whole(data) for _, data, _ in STREAMS),
        why="A frame is VT, the message, FS CR. The network may cut and join as it likes; the reader goes by these bytes alone.",
        wrong=(
            Wrong(("1", "1", "0"), "One packet, one message."),
            Wrong(("2", "3", "0"), "Each packet is a message."),
            Wrong(("2", "1", "1"), "After a while the receiver takes what it has."),
        ),
        spec="ITI TF-2 Appendix C.2.1",
    ),
    Exercise(
        id="03.2",
        standard="v2",
        task="You sent F00004 and waited for ten seconds. Nothing came. The first step is done.",
        parts=_GAPS[0],
        check=by_steps(
            SILENCE,
            "Right.",
            "A lost message and a lost answer look the same from here. The very same bytes let the receiver tell that it had them.",
            slips={2: lambda text: _SILENCE_SLIPS.get(text, "")},
        ),
        hints=(
            "What would the sender see if the message had arrived and the answer got lost?",
            "The same silence. So the sender cannot know, and nothing is wrong with the message itself.",
            "Nobody knows; send it again, unchanged.",
        ),
        solution=_GAPS[1],
        why="Silence is no answer. Send again, unchanged and under the same control ID, to a receiver that remembers.",
        wrong=(
            Wrong(("no", "no", "send it again"), "No acknowledgment means that it was not processed."),
            Wrong(("no", "nobody knows", "repair the message"), "Something must have been wrong with the message."),
            Wrong(("no", "yes", "nothing, it is done"), "The network delivers what was sent."),
        ),
        spec="ITI TF-2 Appendix C.2.3",
    ),
    Exercise(
        id="03.3",
        standard="v2",
        task="You sent F00007 and asked for both acknowledgments. `MSA|CA|F00007` comes back.",
        parts=_BLANK[0],
        check=by_steps(
            COMMITTED,
            "Right.",
            "CA is a receipt for the letter, not for what is in it. The application may still refuse.",
            slips={1: lambda text: _COMMIT_SLIPS.get(text, ""), 2: lambda text: _NEXT_SLIPS.get(text, "")},
        ),
        hints=(
            "The C in CA stands for commit.",
            "The receiver has put the message into safe storage and taken responsibility. Has the order been placed?",
            "Yes, to this message; not yet, but it is kept safe; wait for AA, AE or AR.",
        ),
        solution=_BLANK[1],
        why="In the enhanced mode two answers come. CA: you need not send again. AA, AE or AR: what became of it.",
        wrong=(
            Wrong(("yes, to this message", "yes", "nothing, it is done"), "CA says that it is in."),
            Wrong(("yes, to this message", "not yet, but it is kept safe", "nothing, it is done"), "A receipt is the end."),
            Wrong(("yes, to this message", "nobody knows", "send it again"), "Only AA counts as an answer."),
            Wrong(("yes, to this message", "no", "repair the message"), "Whatever is not AA is a refusal."),
        ),
        spec="ITI TF-2 Appendix C.2.3.1",
    ),
    Exercise(
        id="03.4",
        standard="v2",
        task="Two messages are rejected. What does the sender do next? Look for the place that ERR-2 names.",
        parts=tuple(Part(says, tuple(_WORDS.values())) for says, _, _ in REJECTED),
        check=check_rejected,
        hints=(
            "ERR-2 is the second field of ERR. In one of the two answers it names the header, MSH.",
            "Repeating does not help while the header is to blame. And where nothing in the message is to blame?",
            "The first: call someone, the two sides have to agree. The second: send it again, later.",
        ),
        solution=tuple(_does(text) for _, text, _ in REJECTED),
        why="Repeating does not help while the header is to blame: the receiver will not learn a new event by tomorrow, so people have to talk. Otherwise AR says *not at this "
        "moment*, and the sender may try again later.",
        wrong=(
            Wrong(("send it again later", "send it again later"), "AR always means: not now."),
            Wrong(("call someone", "wait for the second answer"), "The receiver will come back to it by itself."),
            Wrong(("call someone", "call someone"), "AR always means: give up."),
            Wrong(("repair the message", "repair the message"), "AR is another word for AE."),
        ),
        spec="ITI TF-2 Appendix C.2.3.1 and C.2.3.2",
    ),
    Exercise(
        id="03.5",
        standard="v2",
        task="Monday evening: 40,000 messages were taken for 900 patients. What was the cause, what is mended first, and why in this order?",
        parts=(Part("The cause", CAUSES), Part("Mend first", FIRST), Part("Because", REASONS)),
        check=check_monday,
        hints=(
            "The table of the sender says `nothing` for the answer. The receiver's counts say that everything arrived.",
            "The sender was impatient. But impatience comes back; what makes it harmless?",
            "The sender gives up before the answer comes; first the receiver learns to take each control ID once; because that makes repetition harmless.",
        ),
        solution=MONDAY,
        why="Patients who seem to be admitted forty times fill work lists with ghosts, and the one real change drowns among them.",
        wrong=(
            Wrong((CAUSES[0], FIRST[0], REASONS[0]), "Duplicates come from a bad network."),
            Wrong((CAUSES[1], FIRST[1], REASONS[0]), "The waiting time is the whole problem."),
            Wrong((CAUSES[1], FIRST[2], REASONS[0]), "Never send twice, and nothing comes twice. And what got lost stays lost."),
        ),
    ),
    order(
        id="03.6",
        task="A careful receiver gets a message. Put its steps in order. One of them does not belong.",
        tiles=(
            Tile("frame", "Wait until the frame is whole", "Before FS CR nobody knows whether the message is complete."),
            Tile("read", "Read who sent it, and its control ID", "Without MSH-3, MSH-4 and MSH-10 no repetition can be told."),
            Tile("look", "Look whether this control ID came from this sender before", "If it did, the first answer is given again, and nothing is done."),
            Tile("keep", "Keep the message and its control ID in one step", "In two steps a crash between them leaves one without the other."),
            Tile("say", "Answer AA, with the control ID in MSA-2", "The sender waits for it."),
            Tile("early", "Answer AA at once, so that the sender need not wait", "AA says that the message was taken. Said before it is kept, a crash makes it a lie, and the message is gone."),
        ),
        solution=("frame", "read", "look", "keep", "say"),
        before=(
            ("frame", "read", "Half a message may still change its meaning."),
            ("read", "look", "What it should look for stands in the header."),
            ("look", "keep", "Kept first, every message looks as if it had come before."),
            ("keep", "say", "First keep it, then say so."),
        ),
        hints=(
            "What must be true before AA may be said?",
            "Whole, read, compared, kept, and only then answered.",
            "Frame, header, memory, store, answer. Answering at once does not belong.",
        ),
        why="The order makes the promise true: whoever heard AA need not worry, and whoever did not may send again.",
        wrong=(
            Wrong(("frame", "read", "look", "say", "keep"), "Answer quickly, store later."),
            Wrong(("frame", "read", "keep", "look", "say"), "Store first, look for duplicates afterwards."),
            Wrong(("early", "frame", "read", "look", "keep"), "AA says that the bytes arrived."),
        ),
        spec="ITI TF-2 Appendix C.2.3",
    ),
    break_it(
        id="03.7",
        task="Ingrid's admission was taken a moment ago. Send something now that is *rejected* (AR): a repetition, or not quite. Say beforehand which place the answer names.",
        sound=SOUND,
        changes=CHANGES,
        first=_admitted,
        answers=ANSWERS,
        wants=("AR",),
        places=("MSH-10", "PID-3"),
        solution=("AR", "MSH-10", "Send another patient under the same control ID"),
        reasons={
            "AA": "The very same bytes: the receiver gives its first answer again and does nothing. That is what makes sending again harmless.",
            "AR": "It is not the message that came under this name before, so it can be neither taken nor passed over.",
            "AE": "A new control ID makes it a new message. The receiver read it, and refuses what it says: she is admitted already.",
        },
        hints=(
            "Three changes: nothing is new, everything but the control ID is new, only the control ID is new.",
            "A receiver that remembers knows the control ID and the bytes. When do the two contradict each other?",
            "Another patient under the same control ID: AR, MSH-10.",
        ),
        why="Were it taken, no answer could tell which of the two messages it means. Were it held for a repetition, Bjørn would never be admitted, and AA would hide it. That a control "
        "ID is one message's alone, the standard says; to answer with AR is this receiver's choice.",
        wrong=(
            Wrong(("AR: rejected", "MSH-10", "Send the very same bytes once more"), "A duplicate is an error."),
            Wrong(("AR: rejected", "PID-3", "Send the same admission under a new control ID"), "The same content is the same message."),
            Wrong(("AE: refused, something in the message is wrong", "PID-3", "Send another patient under the same control ID"), "The control ID is only a running number."),
        ),
        spec="ITI TF-2 section 3.30.5.1",
    ),
)  # fmt: skip


# Predictions --------------------------------------------------------------------------------------------------------------------------


def read_counts(table: Any) -> tuple[str, str]:
    """How many messages the careless receiver has taken."""
    taken = str(table.loc["careless", "messages taken"])
    return taken, f"{taken} messages"


def read_answers(codes: Sequence[str]) -> tuple[str, str]:
    """How many answers came, and which."""
    return str(len(codes)), f"{len(codes)}: {', '.join(codes)}" if codes else "none"


def read_text(name: str) -> tuple[str, str]:
    """A name as it is read."""
    return name, name


PREDICTIONS = (
    Prediction(
        id="03.p1",
        standard="v2",
        ask="A frame breaks off in the middle, and right behind it comes a whole one, on the same connection. How many acknowledgments come back?",
        choices=(
            Choice("Two: one for each message", "Of the first one only a half arrived. There is nothing in it that could be answered.", "2"),
            Choice("One: for the second", "The VT inside tells that the first was cut off. What is whole is answered.", "1"),
            Choice("One, for both together", "Some receivers do join them: half of one patient and the whole of another. This one does not, and the second alone is answered.", "joined"),
            Choice("None: the line is broken", "The bytes go on arriving, and the next VT is a new beginning.", "0"),
        ),
        read=read_answers,
        right="1",
        why="The sender of the first waits in vain, and that is right: it will send again. A message made from two halves would have been the real harm.",
        spec="ITI TF-2 Appendix C.2.1",
        shown="Answers that came",
    ),
    Prediction(
        id="03.p2",
        standard="v2",
        ask="Each answer takes 0.3 seconds, and the sender waits for 0.2. It sends the same bytes up to three times. After four patients, how many messages has the careless receiver taken?",
        choices=(
            Choice("None. Without an acknowledgment nothing was processed.", "The receiver works whether or not the sender still listens.", "0"),
            Choice("4. A message is a message.", "It does not remember what it took, so it cannot tell a repetition.", "4"),
            Choice("12. Each of them three times.", "All twelve arrived and were taken. Only the answers came too late.", "12"),
        ),
        read=read_counts,
        right="12",
        why="“No acknowledgment” does not mean “not processed”. The sender knows nothing, the receiver did everything, and both logs are right.",
        shown="It took",
    ),
    Prediction(
        id="03.p3",
        standard="v2",
        ask="The bytes of *Bjørn* are in UTF-8, but MSH-18 says 8859/1. What does a receiver read that believes MSH-18?",
        choices=(
            Choice("Bjørn", "MSH-18 does not change the bytes. It only says how to read them.", "Bjørn"),
            Choice("BjÃ¸rn", "In UTF-8 the ø is two bytes; in 8859/1 each byte is a character.", "BjÃ¸rn"),
            Choice("Bj?rn", "A question mark stands where a *sender* could not write a character. Here it could.", "Bj?rn"),
            Choice("Nothing: it refuses", "Every byte is a character in 8859/1, so nothing tells the receiver that it reads nonsense.", "nothing"),
        ),
        read=read_text,
        right="BjÃ¸rn",
        why="Two characters for one: the bytes are UTF-8 and are read as something else. A question mark: the sender wrote into a character set that has no such letter.",
        spec="ITI TF-2 Appendix C.2.2",
        shown="It reads",
    ),
)  # fmt: skip

QUIZ = (
    Question(
        id="03.q1",
        standard="v2",
        ask="The answer is `MSA|CA|123`. What does the sender know?",
        choices=(
            Choice("The order was placed.", "That would be AA."),
            Choice("The receiver has the message in safe storage and takes responsibility.", "The application may still refuse it: AE or AR would come later."),
            Choice("The message was read but not stored.", "Then CA would be a lie. It is said after storing."),
            Choice("It should send again.", "CA says the opposite."),
        ),
        right=1,
        spec="ITI TF-2 Appendix C.2.3.1",
    ),
    Question(
        id="03.q2",
        standard="v2",
        ask="You sent F00012. `MSA|AA|F00011` comes back. What now?",
        choices=(
            Choice("F00012 is done.", "MSA-2 names another message. Whoever does not compare loses one."),
            Choice("It answers F00011, perhaps late or twice; F00012 is still open.", "Answers may come late, in another order, or twice. Only MSA-2 tells."),
            Choice("F00012 was refused.", "AA is no refusal, and it is not about F00012."),
            Choice("The line is broken.", "An answer came over it."),
        ),
        right=1,
        spec="ITI TF-2 Appendix C.2.3.1",
    ),
    Question(
        id="03.q3",
        standard="v2",
        ask="One message in the queue is refused again and again (AE). Forty wait behind it. What is right?",
        choices=(
            Choice("Send it until it is taken.", "Unchanged it gets the same answer for ever, and forty patients wait."),
            Choice("Throw it away and go on.", "Then it is lost, and what follows for the same patient may make no sense."),
            Choice("Put it aside with the later ones of the same patient, go on, and tell a person.", "Each patient's order is kept, the others do not wait, and somebody mends it. It is a policy: choose one and write it down."),
            Choice("Stop the queue, and tell nobody.", "Stopping can be right where order is everything. Telling nobody never is."),
        ),
        right=2,
    ),
    Question(
        id="03.q4",
        standard="v2",
        ask="A batch ends with `BTS|96`, and 31 messages are in it. What has happened?",
        choices=(
            Choice("Nothing. The count is only for people.", "It is there so that a receiver notices what is missing."),
            Choice("Part of it is missing, or the counting is wrong: the receiver has to say so, whatever it does with the 31.", "Accept, refuse or take in part is a policy. Silence is none."),
            Choice("65 messages were duplicates.", "The trailer counts what was sent, and 31 arrived."),
            Choice("The messages are longer than they should be.", "BTS-1 counts messages, not bytes."),
        ),
        right=1,
        spec=cited("HL7 v2.5 chapter 2", checked=False),
    ),
)  # fmt: skip

LESSON = Lesson(
    number="03",
    goals=(
        Goal("frame a message, send it, and match its acknowledgment, however the network cuts the bytes", ("03.1", "03.p1")),
        Goal(
            "decide after AA, AE, AR, CA or silence: done, wait, repair, send again, or call someone",
            ("03.2", "03.3", "03.4", "03.5"),
            code=False,
        ),
        Goal("make a receiver safe against repetition, and prove it by a count", ("03.6", "03.7", "03.p2")),
    ),
    minutes=40,
    before="lessons 01 and 02, or you can read MSH and MSA.",
    exercises=EXERCISES,
    predictions=PREDICTIONS,
    quiz=QUIZ,
    examples=(EXAMPLE,),
)
