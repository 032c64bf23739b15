"""What the program says when it refuses something at review, for the catalogs to know.

Errors are made in layers that speak English only. A page says an error's words in the reader's
language where a catalog knows them, and marks them as English where none does.
"""

from __future__ import annotations

from tutela.interfaces.language import later

REFUSALS = frozenset(
    {
        # Claims and readings
        later("you do not hold this case any more"),
        later("you do not hold this case now"),
        later("claim it again"),
        later("you hold 5 cases already"),
        later("decide one or hand one back"),
        later("no case has this id"),
        later("somebody else is at this case"),
        later("take another one"),
        later("this case wants no reading"),
        later("this case wants no reading any more"),
        later("its readers disagree: a senior reviewer settles it"),
        later(
            "this case is for somebody else: you have read it or passed it, or decided"
            " what it contests"
        ),
        later("this was decided and undone"),
        later("claim the case again"),
        later("this claim is for another case"),
        later("claim this one"),
        later("something joined or left this case since you opened it"),
        later("look at it again, then decide"),
        later("this counts by now"),
        later("ask a senior reviewer to look at it"),
        later("somebody else is at this case already"),
        later("this was carried out already"),
        later("you gave no such reading"),
        later("no reading has this number"),
        later("this needs an account of a person"),
        later("sign in with your own account, or use a key that was made for it"),
        # The form of a case, and the search
        later("no outcome is chosen"),
        later("choose one"),
        later("shorten it"),
        later("the form is incomplete"),
        later("open the case again"),
        later("this cannot be searched for"),
        later("change it"),
        # What stands together
        later("what came has left again"),
        later("only a case that waits can be moved"),
        later("somebody else reads this case now"),
        later("wait for that"),
        later("you do not read this case"),
        later("claim it first"),
        later("this case stands in another one"),
        later("name that one"),
        later("this case has been read: what stands in it stays"),
        later("an appeal stands for itself"),
        later("a drill and what is none do not go together"),
        later("no case has one of these ids"),
        later("one of these does not stand in the case"),
        later("name cases that do; the case's own event stays, so take out the others"),
        later("a case cannot be put into itself"),
        later("no event has this id"),
        later("no appeal has this id"),
        later("no appeal has this case"),
        later("no queue has this name"),
        later("the case is in this queue already"),
        later("no change has this number"),
        later("this is undone already, or is itself an undoing"),
        # Queues
        later("this queue takes what no other takes: it has no filter"),
        later("this queue takes what no other takes: it stays"),
        later("use up to 48 small letters, digits and '-' for its name"),
        later("delete one first"),
        later("the order names each queue once"),
        later("name all of them"),
        # Pictures
        later("something else is uncovered"),
        later("the item has no such content"),
        later("this cannot be shown"),
        later("this case has no such item"),
        later("this is no number"),
        later("this part is too large"),
        later("your protection shows still pictures of videos only"),
        later("your protection uncovers a part at a time"),
        # Protection
        later("this names no item"),
        later("this is no duration"),
        later("count from zero up"),
        later("this is covered again"),
        later("uncover it again"),
        later("after so many severe items it is time for a pause"),
        later("rest; deciding and handing back are possible meanwhile"),
        later("this day holds no more severe items for you"),
        later("this day holds no more minutes of uncovered content for you"),
        later("take lighter cases, or ask a supervisor; a reason is noted"),
        later("you uncovered nothing of this number"),
        later("nothing is added to the day"),
        later("say how much"),
        later("the day has no such limit"),
        later("a lift needs a reason"),
        later("say why, in a line"),
        later("nobody lifts their own limits"),
        later("ask another supervisor"),
        later("this person is not on a pause"),
        later("lifting a pause adds nothing to the day"),
        later("no queue would be left"),
        later("leave at least one"),
    }
)
"""Every fixed sentence and remedy of `tutela.storage.review` and of the forms of review."""
