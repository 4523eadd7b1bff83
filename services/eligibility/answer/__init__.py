"""What is answered on an application: the assessment, advice, explanation and the record of a decision."""
