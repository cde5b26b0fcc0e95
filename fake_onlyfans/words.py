"""The words that names, biographies and conversations are made from."""

STAGE_NAMES = (
    "Luna Vale", "Ruby Hart", "Nova Sinclair", "Jade Monroe", "Scarlett Fox", "Ivy Winters", "Stella Rey",
    "Aria Bloom", "Dahlia Noir", "Skye Laurent", "Coco Rivers", "Mila Sterling", "Zara Moon", "Poppy Lane",
    "Leo Cruz", "Max Steele", "Kai Rivera", "Jasper Knight", "Roxy Blue", "Wren Delacroix",
)  # fmt: skip

FIRST_NAMES = (
    "Alex", "Ben", "Carla", "Dmitri", "Élodie", "Farid", "Grace", "Hiro", "Inés", "Jonas", "Kofi", "Lea", "Marco",
    "Noor", "Oskar", "Priya", "Quentin", "Rosa", "Sam", "Tomás", "Uma", "Viktor", "Wei", "Yusuf", "Zoé",
)  # fmt: skip

COLOURS = ("amber", "azure", "coral", "crimson", "indigo", "ivory", "jade", "lilac", "ochre", "scarlet", "teal")

ANIMALS = ("badger", "falcon", "gecko", "heron", "ibis", "lynx", "marten", "otter", "puffin", "stoat", "wombat")

BIOS = (
    "Dancer, baker, night owl ✨ New posts every Tuesday & Friday.",
    "Fitness coach by day 💪\nBehind the scenes by night.\nBe kind <3",
    "Cosplay · photography · bad puns. I answer every message myself!",
    'Painting, piano and far too much coffee ☕ — "quiet" content only.',
    "Traveller. Currently: somewhere with a beach 🏝️",
    "Tattoos, motorbikes & soft blankets. DMs open.",
)  # fmt: skip

FAN_LINES = (
    "Good morning! How did the shoot go?",
    "That last set was gorgeous 😍",
    "When is the next live?",
    "Just renewed, see you there!",
    "You always answer so fast, how?",
    "Any chance of more behind-the-scenes clips?",
    "Is 3 < 5 && 5 > 3 still true? <b>asking for a friend</b>",
    "مرحبا! كيف حالك اليوم؟",
    "今日の写真、とても素敵でした。",
    "haha",
    "Happy birthday!! 🎂🎉",
    "Sent a tip, enjoy 💸",
    "How was the trip?",
)

CREATOR_LINES = (
    "Thank you so much, that means a lot!",
    "Friday at nine, set an alarm ⏰",
    "Lots of coffee ☕☕",
    "There is one in your inbox tomorrow.",
    "Line one\nline two\n\n   and an indented one",
    "No worries, take your time.",
    "Wonderful, I'll post the pictures tonight.",
    "You're the sweetest ❤️",
    "New set on Tuesday. You choose: beach or studio?",
)
