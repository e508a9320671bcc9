"""Who answers: roster, certificates, skills, presence, sessions and their outcomes."""
