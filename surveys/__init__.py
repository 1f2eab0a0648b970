"""What customers say: NPS, CES and CSAT surveys, personal invitations by mail, answers without a login."""
