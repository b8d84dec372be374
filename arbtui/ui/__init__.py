"""The screen: a guest of the engine. It samples state at its own pace and sends commands; it owns no market logic."""
