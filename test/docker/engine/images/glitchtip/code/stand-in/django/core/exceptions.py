class ValidationError(Exception):
    def __init__(self, messages):
        self.messages = [messages] if isinstance(messages, str) else messages
        super().__init__(self.messages)
