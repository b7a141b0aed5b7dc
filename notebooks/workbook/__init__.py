"""What the notebooks import: sessions, pictures, tables, panels, exercise checks. pkikit and the simulator decide the content."""

from pkikit.extras import optional_packages

with optional_packages("workbook"):
    from simulator.face.explained import explain_picture
    from workbook.browse import peer_answers
    from workbook.course.class_report import ClassReport, class_report
    from workbook.course.clinic_session import ClinicSession, case_list, close_case, open_case
    from workbook.course.exercises import break_for, check
    from workbook.course.progress import progress_report, save_report
    from workbook.desk.clinic_desk import clinic_console
    from workbook.handin.send import hand_in
    from workbook.intake.intake_panel import bring_archives
    from workbook.learning.change_card import change_list, open_change
    from workbook.learning.exam_card import exam
    from workbook.learning.exercise_card import exercise
    from workbook.learning.home_card import home
    from workbook.learning.lesson_cards import finish, start
    from workbook.learning.order_cards import order_cards
    from workbook.learning.predict_card import predict, predict_down
    from workbook.learning.projector import projector
    from workbook.models.brought_files import Brought, bring
    from workbook.models.planned_change import plan_change
    from workbook.models.practice_fleet import make_customers, prove_rules
    from workbook.models.revocation_table import decide_all, make_files, who_sees
    from workbook.models.what_if import judged
    from workbook.panels.class_panel import class_panel
    from workbook.panels.course_panel import exam_result
    from workbook.panels.design_panels import csr_form, file_inspector, san_designer
    from workbook.panels.fleet_panel import fleet_panel
    from workbook.panels.lab_panels import (
        acme_player,
        blast_radius,
        chain_builder,
        handshake_theatre,
        revocation_table,
        time_slider,
        trust_editor,
    )
    from workbook.panels.stage import messages_by_version, performance, theatre_picture
    from workbook.panels.wizard_panel import design_wizard
    from workbook.session import LabSession, current_lab, load, open_lab
    from workbook.tables.acme_tables import (
        acme_story,
        alarms,
        attempts,
        audit_table,
        client_auth_needs,
        compare_options,
        connections_by_option,
        hold_over,
        objections,
        outcome,
        rehearse_sunset,
        renewal_table,
        renewal_years,
        sunset_dates,
        sunset_picture,
        ways_out,
        years_picture,
    )
    from workbook.tables.archive_tables import archive_files, archive_log, diagnose_archive
    from workbook.tables.brought_tables import (
        doctor,
        what_contradicts,
        what_fails,
        what_is_asked,
        what_is_missing,
        what_was_assumed,
        what_was_read,
    )
    from workbook.tables.company import make_company, rehearse
    from workbook.tables.display import install as _install_display
    from workbook.tables.enrol import enrol, template_objections, template_table
    from workbook.tables.explorer import design_columns, explore_designs, recommend_design
    from workbook.tables.fleet_tables import (
        broken_rules,
        customer_table,
        ending_soon,
        first_to_end,
        fleet_counts,
        hours_by_issuer,
        metric_lines,
        next_breaks,
        outlook_if,
        promise_table,
    )
    from workbook.tables.frames import (
        compare_answer,
        csr_pages,
        falls_without,
        gates,
        jabber_path,
        layout_in,
        lint_form,
        san_matrix,
        shared_or_own,
        what_a_change_takes,
    )
    from workbook.tables.plan_tables import order_states, rehearse_plan, runbook_page, what_would_help, why_this_order
    from workbook.tables.points import points_to_be_aware
    from workbook.tables.reading_tables import converted, forms, look_into, matches, read_log, rules_of
    from workbook.tables.render import (
        acme_answers,
        as_der,
        certificate_facts,
        chain_titles,
        diagnosis,
        findings,
        leg_checks,
        legs,
        log,
        only_leaf,
        picture,
        request_facts,
        san_table,
        trace,
    )
    from workbook.tables.sentences import facts, say, summary
    from workbook.tables.service_tables import service_needs, services
    from workbook.tables.workbench import workbench
    from workbook.tables.years import happenings, live, year_picture

    _install_display()

__all__ = [
    "Brought",
    "ClassReport",
    "ClinicSession",
    "LabSession",
    "acme_answers",
    "acme_player",
    "acme_story",
    "alarms",
    "archive_files",
    "archive_log",
    "as_der",
    "attempts",
    "audit_table",
    "blast_radius",
    "break_for",
    "bring",
    "bring_archives",
    "broken_rules",
    "case_list",
    "certificate_facts",
    "chain_builder",
    "chain_titles",
    "change_list",
    "check",
    "class_panel",
    "class_report",
    "client_auth_needs",
    "clinic_console",
    "close_case",
    "compare_answer",
    "compare_options",
    "connections_by_option",
    "converted",
    "csr_form",
    "csr_pages",
    "current_lab",
    "customer_table",
    "decide_all",
    "design_columns",
    "design_wizard",
    "diagnose_archive",
    "diagnosis",
    "doctor",
    "ending_soon",
    "enrol",
    "exam",
    "exam_result",
    "exercise",
    "explain_picture",
    "explore_designs",
    "facts",
    "falls_without",
    "file_inspector",
    "findings",
    "finish",
    "first_to_end",
    "fleet_counts",
    "fleet_panel",
    "forms",
    "gates",
    "hand_in",
    "handshake_theatre",
    "happenings",
    "hold_over",
    "home",
    "hours_by_issuer",
    "jabber_path",
    "judged",
    "layout_in",
    "leg_checks",
    "legs",
    "lint_form",
    "live",
    "load",
    "log",
    "look_into",
    "make_company",
    "make_customers",
    "make_files",
    "matches",
    "messages_by_version",
    "metric_lines",
    "next_breaks",
    "objections",
    "only_leaf",
    "open_case",
    "open_change",
    "open_lab",
    "order_cards",
    "order_states",
    "outcome",
    "outlook_if",
    "peer_answers",
    "performance",
    "picture",
    "plan_change",
    "points_to_be_aware",
    "predict",
    "predict_down",
    "progress_report",
    "projector",
    "promise_table",
    "prove_rules",
    "read_log",
    "recommend_design",
    "rehearse",
    "rehearse_plan",
    "rehearse_sunset",
    "renewal_table",
    "renewal_years",
    "request_facts",
    "revocation_table",
    "rules_of",
    "runbook_page",
    "san_designer",
    "san_matrix",
    "san_table",
    "save_report",
    "say",
    "service_needs",
    "services",
    "shared_or_own",
    "start",
    "summary",
    "sunset_dates",
    "sunset_picture",
    "template_objections",
    "template_table",
    "theatre_picture",
    "time_slider",
    "trace",
    "trust_editor",
    "ways_out",
    "what_a_change_takes",
    "what_contradicts",
    "what_fails",
    "what_is_asked",
    "what_is_missing",
    "what_was_assumed",
    "what_was_read",
    "what_would_help",
    "who_sees",
    "why_this_order",
    "workbench",
    "year_picture",
    "years_picture",
]
