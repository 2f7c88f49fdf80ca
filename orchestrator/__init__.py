"""Training orchestrated by Mage; the library it calls is orchestrator.training."""
