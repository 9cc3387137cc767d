"""Train SAGE, FLAG or the network of postures on prepared motion (train sage --help and so on show the options)."""

from threepoint.model_core.errors import InputError

MODELS = ("sage", "flag", "posture")


def run(arguments):
    """Hand the further words to the trainer that the first one names."""
    if not arguments or arguments[0] not in (*MODELS, "-h", "--help"):
        named = f"not '{arguments[0]}'" if arguments else "nothing was named"
        raise InputError(f"train: say which model to train, {', '.join(MODELS[:-1])} or {MODELS[-1]} ({named})")
    if arguments[0] == "sage":
        from .training.sage import run as train
    elif arguments[0] == "flag":
        from .training.flag import run as train
    elif arguments[0] == "posture":
        from .training.posture import run as train
    else:
        print(__doc__)
        return 0
    return train(arguments[1:])
