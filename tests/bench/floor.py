"""The floor of a rebuild: the sums that numbers need, one statement per table and deciding date, written by hand."""

STATEMENTS = (
    # deals: created, closed
    """SELECT created_day, created_owner_id, COUNT(*), SUM(early_base), COUNT(early_base)
       FROM deals_dealfacts WHERE created_day IS NOT NULL GROUP BY 1, 2""",
    """SELECT closed_day, closed_owner_id, status, COUNT(*), SUM(closed_base), SUM(deal_seconds), SUM(sales_seconds), SUM(touches)
       FROM deals_dealfacts WHERE closed_day IS NOT NULL GROUP BY 1, 2, 3""",
    # history: opened, left, moved
    """SELECT start_day, owner_id, currency, COUNT(*), SUM(amount), SUM(amount * probability)
       FROM deals_dealstate WHERE status = 'open' GROUP BY 1, 2, 3""",
    """SELECT end_day, owner_id, currency, COUNT(*), SUM(amount), SUM(amount * probability)
       FROM deals_dealstate WHERE status = 'open' AND end_day IS NOT NULL GROUP BY 1, 2, 3""",
    """SELECT start_day, owner_id, SUM(CASE WHEN moved THEN 1 ELSE 0 END), SUM(CASE WHEN revalued THEN 1 ELSE 0 END)
       FROM deals_dealstate WHERE moved OR revalued GROUP BY 1, 2""",
    # stages: entered, left
    """SELECT entered_day, entry_owner_id, stage_id, COUNT(*), COUNT(advanced_at) FROM deals_stagevisit GROUP BY 1, 2, 3""",
    """SELECT left_day, exit_owner_id, stage_id, COUNT(*), SUM(seconds)
       FROM deals_stagevisit WHERE left_day IS NOT NULL GROUP BY 1, 2, 3""",
    # leads: created, answered, converted, waiting
    """SELECT created_day, created_owner_id, COUNT(*), COUNT(customer_seconds), COUNT(abandon_seconds)
       FROM contacts_leadfacts WHERE created_day IS NOT NULL GROUP BY 1, 2""",
    """SELECT response_day, response_owner_id, COUNT(*), SUM(response_seconds)
       FROM contacts_leadfacts WHERE response_day IS NOT NULL GROUP BY 1, 2""",
    """SELECT converted_day, converted_owner_id, COUNT(*)
       FROM contacts_leadfacts WHERE converted_day IS NOT NULL GROUP BY 1, 2""",
    """SELECT start_day, owner_id, COUNT(*) FROM contacts_untouchedspan GROUP BY 1, 2""",
    """SELECT end_day, owner_id, COUNT(*) FROM contacts_untouchedspan WHERE end_day IS NOT NULL GROUP BY 1, 2""",
    # records made and how complete they are
    """SELECT created_day, owner_id, COUNT(*), SUM(CASE WHEN industry <> '' THEN 1 ELSE 0 END),
              SUM(CASE WHEN country <> '' THEN 1 ELSE 0 END), COUNT(employees)
       FROM contacts_company GROUP BY 1, 2""",
    """SELECT created_day, owner_id, COUNT(*), COUNT(company_id), SUM(CASE WHEN title <> '' THEN 1 ELSE 0 END)
       FROM contacts_person GROUP BY 1, 2""",
    """SELECT created_day, owner_id, COUNT(*), SUM(CASE WHEN email <> '' THEN 1 ELSE 0 END),
              SUM(CASE WHEN source <> '' THEN 1 ELSE 0 END)
       FROM contacts_lead GROUP BY 1, 2""",
    """SELECT created_day, owner_id, COUNT(*), COUNT(amount), COUNT(expected_close) FROM deals_deal GROUP BY 1, 2""",
    # work done
    """SELECT a.day, a.owner_id, a.kind, COUNT(*)
       FROM contacts_activity a JOIN deals_dealactivity d ON d.activity_id = a.id GROUP BY 1, 2, 3""",
    """SELECT day, user_id, role, COUNT(*) FROM crm_activeday GROUP BY 1, 2, 3""",
    # tickets: created, answered, first solved, solved
    """SELECT f.created_day, f.created_owner_id, COUNT(*), SUM(CASE WHEN t.agent_opened THEN 0 ELSE 1 END)
       FROM support_ticketfacts f JOIN support_ticket t ON t.id = f.ticket_id
       WHERE f.created_day IS NOT NULL AND NOT t.spam GROUP BY 1, 2""",
    """SELECT f.reply_day, f.reply_owner_id, COUNT(f.reply_seconds), SUM(f.reply_seconds), COUNT(f.reply_business),
              SUM(f.reply_business)
       FROM support_ticketfacts f JOIN support_ticket t ON t.id = f.ticket_id
       WHERE f.reply_day IS NOT NULL AND NOT t.spam GROUP BY 1, 2""",
    """SELECT f.first_solved_day, f.first_solved_owner_id, COUNT(*), COUNT(f.reopened_seconds), COUNT(f.first_seconds),
              SUM(f.first_seconds), COUNT(f.first_business), SUM(f.first_business)
       FROM support_ticketfacts f JOIN support_ticket t ON t.id = f.ticket_id
       WHERE f.first_solved_day IS NOT NULL AND NOT t.spam GROUP BY 1, 2""",
    """SELECT f.solved_day, f.solved_owner_id, COUNT(*), SUM(CASE WHEN f.first_contact THEN 1 ELSE 0 END), COUNT(f.full_seconds),
              SUM(f.full_seconds), SUM(f.full_business), COUNT(f.handling_seconds), SUM(f.handling_seconds),
              SUM(f.handling_business)
       FROM support_ticketfacts f JOIN support_ticket t ON t.id = f.ticket_id
       WHERE f.solved_day IS NOT NULL AND NOT t.spam GROUP BY 1, 2""",
    # their history: unsolved from, until
    """SELECT s.start_day, s.owner_id, COUNT(*) FROM support_ticketstate s JOIN support_ticket t ON t.id = s.ticket_id
       WHERE s.category <> 'done' AND NOT t.spam GROUP BY 1, 2""",
    """SELECT s.end_day, s.owner_id, COUNT(*) FROM support_ticketstate s JOIN support_ticket t ON t.id = s.ticket_id
       WHERE s.category <> 'done' AND s.end_day IS NOT NULL AND NOT t.spam GROUP BY 1, 2""",
    # waits: begun, ended; promises
    """SELECT w.started_day, w.owner_id, COUNT(*), SUM(CASE WHEN w.first THEN 1 ELSE 0 END)
       FROM support_replywait w JOIN support_ticket t ON t.id = w.ticket_id WHERE NOT t.spam GROUP BY 1, 2""",
    """SELECT w.day, w.owner_id, w.outcome, COUNT(*), SUM(CASE WHEN w.first THEN 1 ELSE 0 END), COUNT(w.seconds), SUM(w.seconds),
              COUNT(w.business_seconds), SUM(w.business_seconds)
       FROM support_replywait w JOIN support_ticket t ON t.id = w.ticket_id
       WHERE w.day IS NOT NULL AND NOT t.spam GROUP BY 1, 2, 3""",
    """SELECT s.decided_day, s.owner_id, COUNT(*), SUM(CASE WHEN s.outcome = 'met' THEN 1 ELSE 0 END)
       FROM support_slatarget s JOIN support_ticket t ON t.id = s.ticket_id
       WHERE s.outcome IN ('met', 'breached') AND NOT t.spam GROUP BY 1, 2""",
    # answers and invitations
    """SELECT r.kind, r.responded_day, r.owner_id, r.state, COUNT(*), SUM(r.score), SUM(r.ease_micro),
              SUM(CASE WHEN r.positive THEN 1 ELSE 0 END), SUM(CASE WHEN r.band = 'promoter' THEN 1 ELSE 0 END),
              SUM(CASE WHEN r.band = 'detractor' THEN 1 ELSE 0 END), SUM(v.scale_min), SUM(v.scale_max)
       FROM surveys_response r JOIN surveys_questionversion v ON v.id = r.version_id GROUP BY 1, 2, 3, 4""",
    """SELECT i.delivered_day, i.owner_id, i.state, COUNT(*), SUM(CASE WHEN r.state = 'confirmed' THEN 1 ELSE 0 END)
       FROM surveys_invitation i LEFT JOIN surveys_response r ON r.invitation_id = i.id
       WHERE i.delivered_day IS NOT NULL GROUP BY 1, 2, 3""",
    # the website
    """SELECT started_day, source, SUM(sessions), SUM(CASE WHEN landing_page <> '' THEN sessions ELSE 0 END), SUM(clicks),
              SUM(clicking - clicked_submitted), SUM(submitted), SUM(form_started), SUM(form_left)
       FROM marketing_visit GROUP BY 1, 2""",
    """SELECT day, source, outcome, COUNT(*) FROM marketing_submission GROUP BY 1, 2, 3""",
)
