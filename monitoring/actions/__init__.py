"""What an alarm causes: incidents, mails, retraining."""
