"""What the catalogue of indicators says about each key: its names in three languages, unit, direction and kind.

The registry is held against it, so that a number is called and read the same wherever it stands."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One indicator of the catalogue."""

    en: str
    fr: str
    es: str
    unit: str
    direction: str
    kind: str


CATALOGUE: dict[str, Entry] = {
    "nps": Entry(
        "Net Promoter Score",
        "Net Promoter Score (taux de recommandation net)",
        "Puntuación neta del promotor",
        "score",
        "higher",
        "ratio",
    ),
    "ces": Entry(
        "Customer Effort Score (mean ease, 1-7)",
        "Score d’effort client",
        "Puntuación de esfuerzo del cliente",
        "score",
        "higher",
        "ratio",
    ),
    "ces_ease_rate": Entry(
        "CES ease rate (5-7 of 7)",
        "Part de clients déclarant une démarche facile",
        "Porcentaje de experiencia fácil (CES)",
        "percent",
        "higher",
        "ratio",
    ),
    "csat": Entry(
        "Customer satisfaction (CSAT)",
        "Satisfaction client (CSAT)",
        "Satisfacción del cliente (CSAT)",
        "percent",
        "higher",
        "ratio",
    ),
    "csat_mean": Entry(
        "CSAT mean score", "Note moyenne de satisfaction", "Puntuación media de satisfacción", "score", "higher", "ratio"
    ),
    "survey_response_rate": Entry(
        "Survey response rate", "Taux de réponse aux enquêtes", "Tasa de respuesta a encuestas", "percent", "higher", "ratio"
    ),
    "channel_preference": Entry(
        "Customer channel preference", "Canal de contact préféré", "Canal de contacto preferido", "percent", "neutral", "ratio"
    ),
    "active_customers": Entry("Active customers", "Clients actifs", "Clientes activos", "count", "higher", "stock"),
    "new_customers": Entry("New customers", "Nouveaux clients", "Nuevos clientes", "count", "higher", "additive"),
    "churned_customers": Entry("Churned customers", "Clients perdus", "Clientes perdidos", "count", "lower", "additive"),
    "reactivated_customers": Entry(
        "Reactivated customers", "Clients réactivés", "Clientes reactivados", "count", "higher", "additive"
    ),
    "customer_churn_rate": Entry(
        "Customer churn rate (gross, logo)",
        "Taux d’attrition client (brut)",
        "Tasa de pérdida de clientes (bruta)",
        "percent",
        "lower",
        "ratio",
    ),
    "net_customer_loss_rate": Entry(
        "Net customer loss rate",
        "Taux de perte nette de clients",
        "Tasa de pérdida neta de clientes",
        "percent",
        "lower",
        "ratio",
    ),
    "churn_hazard_monthly": Entry(
        "Churn rate on exposure (person-month)",
        "Taux d’attrition sur exposition",
        "Tasa de abandono por exposición",
        "percent",
        "lower",
        "ratio",
    ),
    "customer_retention_rate": Entry(
        "Customer retention rate",
        "Taux de fidélisation (rétention) des clients",
        "Tasa de retención de clientes",
        "percent",
        "higher",
        "ratio",
    ),
    "repeat_customer_rate": Entry(
        "Repeat customer rate", "Taux de clients récurrents", "Tasa de clientes recurrentes", "percent", "higher", "distinct"
    ),
    "cohort_retention": Entry("Cohort retention", "Rétention par cohorte", "Retención por cohorte", "percent", "higher", "ratio"),
    "customer_lifetime_median": Entry(
        "Median customer lifetime (Kaplan-Meier)",
        "Durée de vie médiane des clients",
        "Vida media (mediana) del cliente",
        "days",
        "higher",
        "model",
    ),
    "renewal_rate": Entry("Renewal rate (logo)", "Taux de renouvellement", "Tasa de renovación", "percent", "higher", "ratio"),
    "renewal_rate_value": Entry(
        "Renewal rate by value (gross)",
        "Taux de renouvellement en valeur",
        "Tasa de renovación por valor",
        "percent",
        "higher",
        "ratio",
    ),
    "purchase_frequency": Entry("Purchase frequency", "Fréquence d’achat", "Frecuencia de compra", "ratio", "higher", "distinct"),
    "purchase_interval": Entry(
        "Time between purchases (median)", "Délai entre deux achats", "Tiempo entre compras", "days", "lower", "percentile"
    ),
    "customer_retention_cost": Entry(
        "Customer retention cost",
        "Coût de fidélisation client (total)",
        "Costo de retención de clientes (total)",
        "money",
        "lower",
        "additive",
    ),
    "customer_retention_cost_per_customer": Entry(
        "Retention cost per customer",
        "Coût de fidélisation par client",
        "Costo de retención por cliente",
        "money",
        "lower",
        "ratio",
    ),
    "revenue": Entry("Net revenue", "Chiffre d’affaires net", "Ingresos netos", "money", "higher", "additive"),
    "revenue_per_customer": Entry(
        "Revenue per customer", "Chiffre d’affaires par client", "Ingresos por cliente", "money", "higher", "distinct"
    ),
    "top_customer_share": Entry(
        "Revenue share of top 10 customers",
        "Part des 10 premiers clients",
        "Peso de los 10 mayores clientes",
        "percent",
        "neutral",
        "distinct",
    ),
    "average_order_value": Entry(
        "Average order value", "Valeur moyenne des commandes (panier moyen)", "Valor medio de pedido", "money", "higher", "ratio"
    ),
    "average_deal_size": Entry(
        "Average deal size (won)",
        "Taille moyenne des transactions",
        "Tamaño medio de las operaciones ganadas",
        "money",
        "higher",
        "ratio",
    ),
    "average_open_deal_size": Entry(
        "Average deal size in pipeline",
        "Taille moyenne des affaires en cours",
        "Tamaño medio de las oportunidades abiertas",
        "money",
        "neutral",
        "stock",
    ),
    "new_customer_revenue": Entry(
        "New-customer revenue",
        "Nouvelles recettes (nouveaux clients)",
        "Ingresos de nuevos clientes",
        "money",
        "higher",
        "additive",
    ),
    "net_new_revenue": Entry("Net new revenue", "Nouveaux revenus nets", "Nuevos ingresos netos", "money", "higher", "additive"),
    "gross_margin_rate": Entry("Gross margin rate", "Taux de marge brute", "Tasa de margen bruto", "percent", "higher", "ratio"),
    "refund_rate": Entry("Refund rate", "Taux de remboursement", "Tasa de reembolso", "percent", "lower", "ratio"),
    "upsell_rate": Entry(
        "Upsell rate (seed: repeat or bigger purchases)",
        "Taux de vente à la hausse",
        "Tasa de venta adicional (upsell)",
        "percent",
        "higher",
        "distinct",
    ),
    "expansion_rate": Entry(
        "Expansion (upsell) rate on existing customers",
        "Taux d’upsell des clients existants",
        "Tasa de expansión de clientes existentes",
        "percent",
        "higher",
        "ratio",
    ),
    "cross_sell_rate": Entry("Cross-sell rate", "Taux de vente croisée", "Tasa de venta cruzada", "percent", "higher", "ratio"),
    "expansion_revenue": Entry(
        "Expansion revenue", "Revenus d’expansion", "Ingresos de expansión", "money", "higher", "additive"
    ),
    "mrr": Entry(
        "Monthly recurring revenue (MRR)",
        "Revenu mensuel récurrent (MRR)",
        "Ingreso mensual recurrente (MRR)",
        "money",
        "higher",
        "stock",
    ),
    "arr": Entry(
        "Annual recurring revenue (ARR)",
        "Revenu annuel récurrent (ARR)",
        "Ingreso anual recurrente (ARR)",
        "money",
        "higher",
        "stock",
    ),
    "arpa": Entry(
        "Average revenue per account (ARPA)",
        "Revenu moyen par compte (ARPA)",
        "Ingreso medio por cuenta (ARPA)",
        "money",
        "higher",
        "stock",
    ),
    "new_mrr": Entry("New MRR", "MRR nouveau", "MRR nuevo", "money", "higher", "additive"),
    "expansion_mrr": Entry("Expansion MRR", "MRR d’expansion", "MRR de expansión", "money", "higher", "additive"),
    "reactivation_mrr": Entry("Reactivation MRR", "MRR de réactivation", "MRR de reactivación", "money", "higher", "additive"),
    "contraction_mrr": Entry("Contraction MRR", "MRR de contraction", "MRR de contracción", "money", "lower", "additive"),
    "churned_mrr": Entry("Churned MRR", "MRR perdu", "MRR perdido", "money", "lower", "additive"),
    "net_new_mrr": Entry("Net new MRR", "MRR net nouveau", "MRR nuevo neto", "money", "higher", "additive"),
    "gross_mrr_churn_rate": Entry(
        "Gross MRR churn rate", "Taux de churn MRR brut", "Tasa de churn bruto de MRR", "percent", "lower", "ratio"
    ),
    "net_mrr_churn_rate": Entry(
        "Net MRR churn rate", "Taux de churn MRR net", "Tasa de churn neto de MRR", "percent", "lower", "ratio"
    ),
    "grr": Entry(
        "Gross revenue retention (GRR)", "Rétention brute du revenu", "Retención bruta de ingresos", "percent", "higher", "ratio"
    ),
    "nrr": Entry(
        "Net revenue retention (NRR)", "Rétention nette du revenu", "Retención neta de ingresos", "percent", "higher", "ratio"
    ),
    "quick_ratio": Entry("SaaS quick ratio", "Quick ratio SaaS", "Quick ratio SaaS", "ratio", "higher", "ratio"),
    "clv_historic": Entry(
        "Customer lifetime value, observed",
        "Valeur vie client observée",
        "Valor de vida del cliente observado",
        "money",
        "higher",
        "additive",
    ),
    "clv_simple": Entry(
        "Customer lifetime value, formula",
        "Valeur vie client (formule)",
        "Valor de vida del cliente (fórmula)",
        "money",
        "higher",
        "ratio",
    ),
    "clv_contractual": Entry(
        "Predicted CLV, contractual (sBG or KM)",
        "CLV prédite, contractuelle",
        "CLV prevista, contractual",
        "money",
        "higher",
        "model",
    ),
    "clv_predicted": Entry(
        "Predicted CLV, non-contractual (BG/NBD + Gamma-Gamma)",
        "CLV prédite, non contractuelle",
        "CLV prevista, no contractual",
        "money",
        "higher",
        "model",
    ),
    "p_alive": Entry(
        "Probability the customer is still active",
        "Probabilité que le client soit actif",
        "Probabilidad de que el cliente siga activo",
        "percent",
        "higher",
        "model",
    ),
    "expected_purchases": Entry(
        "Expected purchases in the next H", "Achats attendus", "Compras esperadas", "count", "higher", "model"
    ),
    "ltv_cac": Entry("LTV to CAC ratio", "Ratio LTV/CAC", "Ratio LTV/CAC", "ratio", "higher", "ratio"),
    "cac": Entry(
        "Customer acquisition cost (blended, fully loaded)",
        "Coût d’acquisition client (CAC)",
        "Costo de adquisición de clientes (CAC)",
        "money",
        "lower",
        "ratio",
    ),
    "paid_cac": Entry("Paid CAC", "CAC payant", "CAC de pago", "money", "lower", "ratio"),
    "cac_payback": Entry(
        "CAC payback", "Délai de récupération du CAC", "Plazo de recuperación del CAC", "days", "lower", "ratio"
    ),
    "cost_per_lead": Entry("Cost per lead", "Coût par prospect", "Costo por cliente potencial", "money", "lower", "ratio"),
    "marketing_roi": Entry("Marketing ROI", "ROI marketing", "ROI de marketing", "percent", "higher", "ratio"),
    "roas": Entry(
        "Return on ad spend",
        "Retour sur dépenses publicitaires (ROAS)",
        "Retorno de la inversión publicitaria (ROAS)",
        "ratio",
        "higher",
        "ratio",
    ),
    "marketing_sourced_revenue": Entry(
        "Marketing-attributed revenue",
        "Revenus attribués au marketing",
        "Ingresos atribuidos a marketing",
        "money",
        "higher",
        "additive",
    ),
    "customer_origin": Entry(
        "Customer origin mix", "Origine des clients", "Origen de los clientes", "percent", "neutral", "ratio"
    ),
    "crm_roi": Entry("CRM ROI", "ROI du CRM", "ROI del CRM", "percent", "higher", "ratio"),
    "website_visitors": Entry(
        "Website visitors (unique)", "Visiteurs uniques", "Visitantes únicos", "count", "higher", "distinct"
    ),
    "website_sessions": Entry("Website sessions", "Sessions du site", "Sesiones del sitio", "count", "higher", "additive"),
    "traffic_to_lead_rate": Entry(
        "Traffic-to-lead conversion rate",
        "Taux de conversion trafic/prospect",
        "Tasa de conversión de tráfico a cliente potencial",
        "percent",
        "higher",
        "ratio",
    ),
    "visitors_per_lead": Entry(
        "Visitors per lead", "Visiteurs par prospect", "Visitantes por cliente potencial", "ratio", "lower", "ratio"
    ),
    "landing_page_conversion_rate": Entry(
        "Landing page conversion rate",
        "Taux de conversion de la page de destination",
        "Tasa de conversión de la página de destino",
        "percent",
        "higher",
        "ratio",
    ),
    "landing_page_clicks": Entry(
        "Landing page link clicks",
        "Clics sur les pages de destination",
        "Clics en páginas de destino",
        "count",
        "higher",
        "additive",
    ),
    "clicks_without_conversion": Entry(
        "Clicks without conversion", "Clics sans conversion", "Clics sin conversión", "count", "lower", "additive"
    ),
    "signups_captured": Entry(
        "Sign-ups captured", "Inscriptions capturées", "Registros capturados", "count", "higher", "additive"
    ),
    "form_abandonment_rate": Entry(
        "Form abandonment rate", "Taux d’abandon de formulaire", "Tasa de abandono de formulario", "percent", "lower", "ratio"
    ),
    "email_delivery_rate": Entry("Email delivery rate", "Taux de délivrabilité", "Tasa de entrega", "percent", "higher", "ratio"),
    "email_open_rate": Entry("Email open rate", "Taux d’ouverture", "Tasa de apertura", "percent", "higher", "ratio"),
    "email_click_rate": Entry("Email click rate", "Taux de clic", "Tasa de clics", "percent", "higher", "ratio"),
    "email_conversion_rate": Entry(
        "Marketing email conversion rate",
        "Taux de conversion des e-mails",
        "Tasa de conversión de correos",
        "percent",
        "higher",
        "ratio",
    ),
    "unsubscribe_rate": Entry("Unsubscribe rate", "Taux de désinscription", "Tasa de baja", "percent", "lower", "ratio"),
    "leads_created": Entry("Leads created", "Prospects créés", "Clientes potenciales creados", "count", "higher", "additive"),
    "lead_conversion_rate": Entry(
        "Lead-to-customer conversion rate",
        "Taux de conversion des prospects en clients",
        "Tasa de conversión de prospectos en clientes",
        "percent",
        "higher",
        "ratio",
    ),
    "lead_conversion_rate_period": Entry(
        "Lead conversion, period view",
        "Conversion des prospects (vue période)",
        "Conversión de prospectos (vista de período)",
        "percent",
        "higher",
        "ratio",
    ),
    "lead_qualification_rate": Entry(
        "Lead qualification rate", "Taux de qualification des prospects", "Tasa de cualificación", "percent", "higher", "ratio"
    ),
    "lead_abandonment_rate": Entry(
        "Lead abandonment rate",
        "Taux d’abandon des prospects",
        "Tasa de abandono de clientes potenciales",
        "percent",
        "lower",
        "ratio",
    ),
    "untouched_leads": Entry(
        "Untouched leads", "Prospects non contactés", "Clientes potenciales sin contactar", "count", "lower", "stock"
    ),
    "lead_response_time": Entry(
        "Lead response time (median)",
        "Délai de réponse aux prospects",
        "Tiempo de respuesta a prospectos",
        "days",
        "lower",
        "percentile",
    ),
    "speed_to_lead_rate": Entry(
        "Speed-to-lead within target",
        "Part des prospects contactés à temps",
        "Prospectos contactados a tiempo",
        "percent",
        "higher",
        "ratio",
    ),
    "hot_lead_share": Entry(
        "High-score lead share",
        "Part des prospects à fort score",
        "Proporción de prospectos de alta puntuación",
        "percent",
        "higher",
        "ratio",
    ),
    "lead_score_lift": Entry(
        "Lead score lift (top decile)",
        "Gain du score (1er décile)",
        "Lift del scoring (primer decil)",
        "ratio",
        "higher",
        "ratio",
    ),
    "lead_score_auc": Entry("Lead score AUC", "AUC du score", "AUC del scoring", "ratio", "higher", "model"),
    "lead_score_calibration": Entry(
        "Lead score calibration (Brier)",
        "Calibration du score (Brier)",
        "Calibración del scoring (Brier)",
        "score",
        "lower",
        "model",
    ),
    "deals_created": Entry("Deals created", "Affaires créées", "Oportunidades creadas", "count", "higher", "additive"),
    "deals_won": Entry("Deals won", "Affaires conclues", "Operaciones ganadas", "count", "higher", "additive"),
    "won_amount": Entry(
        "Won amount (bookings)", "Montant gagné (prises de commande)", "Importe ganado", "money", "higher", "additive"
    ),
    "deals_lost": Entry("Deals lost", "Affaires perdues", "Operaciones perdidas", "count", "lower", "additive"),
    "close_rate": Entry("Close rate (on pipeline)", "Taux de clôture", "Tasa de cierre", "percent", "higher", "ratio"),
    "win_rate": Entry("Win rate (closed deals)", "Taux de succès", "Tasa de éxito", "percent", "higher", "ratio"),
    "win_rate_value": Entry(
        "Win rate by value", "Taux de succès en valeur", "Tasa de éxito por valor", "percent", "higher", "ratio"
    ),
    "cohort_win_rate": Entry(
        "Created-cohort win rate",
        "Taux de succès par cohorte de création",
        "Tasa de éxito por cohorte",
        "percent",
        "higher",
        "ratio",
    ),
    "sales_cycle_length": Entry(
        "Sales cycle length", "Durée du cycle de vente", "Duración del ciclo de ventas", "days", "lower", "percentile"
    ),
    "deal_cycle_length": Entry(
        "Deal cycle length", "Durée de l’affaire", "Duración de la oportunidad", "days", "lower", "percentile"
    ),
    "touches_to_close": Entry(
        "Touches to close", "Nombre de contacts pour conclure", "Contactos necesarios para cerrar", "count", "lower", "percentile"
    ),
    "pipeline_velocity": Entry(
        "Pipeline velocity (seed)", "Vélocité du pipeline", "Velocidad del pipeline", "ratio", "higher", "ratio"
    ),
    "sales_velocity": Entry(
        "Sales velocity (four factors)", "Vélocité des ventes", "Velocidad de ventas", "money", "higher", "ratio"
    ),
    "open_pipeline": Entry(
        "Open pipeline value", "Valeur du pipeline ouvert", "Valor del pipeline abierto", "money", "higher", "stock"
    ),
    "weighted_pipeline": Entry("Weighted pipeline", "Pipeline pondéré", "Pipeline ponderado", "money", "higher", "stock"),
    "pipeline_coverage": Entry(
        "Pipeline coverage", "Couverture du pipeline", "Cobertura del pipeline", "ratio", "higher", "ratio"
    ),
    "pipeline_created": Entry("Pipeline created", "Pipeline créé", "Pipeline creado", "money", "higher", "additive"),
    "pipeline_activities": Entry(
        "Pipeline activities", "Activités du pipeline", "Actividades del pipeline", "count", "neutral", "additive"
    ),
    "stage_conversion_rate": Entry(
        "Stage-to-stage conversion", "Conversion d’étape à étape", "Conversión entre etapas", "percent", "higher", "ratio"
    ),
    "time_in_stage": Entry("Time in stage (median)", "Temps passé par étape", "Tiempo por etapa", "days", "lower", "percentile"),
    "stale_deals": Entry("Stale deals", "Affaires stagnantes", "Oportunidades estancadas", "count", "lower", "stock"),
    "stale_deal_rate": Entry(
        "Stale deal rate", "Part d’affaires stagnantes", "Proporción de oportunidades estancadas", "percent", "lower", "stock"
    ),
    "slipped_deal_rate": Entry(
        "Slipped deal rate", "Taux de report des affaires", "Tasa de oportunidades aplazadas", "percent", "lower", "ratio"
    ),
    "loss_reason_share": Entry(
        "Loss reason mix", "Répartition des motifs de perte", "Motivos de pérdida", "percent", "neutral", "ratio"
    ),
    "average_discount_rate": Entry("Average discount", "Remise moyenne", "Descuento medio", "percent", "lower", "ratio"),
    "large_deal_share": Entry(
        "Large-deal share", "Part des gros contrats", "Proporción de operaciones grandes", "percent", "higher", "ratio"
    ),
    "quota_attainment": Entry("Quota attainment", "Atteinte des quotas", "Cumplimiento de cuota", "percent", "higher", "ratio"),
    "forecast_accuracy": Entry(
        "Forecast accuracy", "Précision des prévisions", "Precisión del pronóstico", "percent", "higher", "ratio"
    ),
    "forecast_bias": Entry("Forecast bias", "Biais de prévision", "Sesgo del pronóstico", "percent", "neutral", "ratio"),
    "goal_attainment": Entry(
        "Goal attainment", "Atteinte des objectifs", "Cumplimiento de objetivos", "percent", "higher", "ratio"
    ),
    "goal_gap": Entry("Gap to goal", "Écart à l’objectif", "Brecha respecto al objetivo", "ratio", "higher", "ratio"),
    "goal_pace": Entry("Goal pace", "Rythme vers l’objectif", "Ritmo hacia el objetivo", "percent", "higher", "ratio"),
    "revenue_per_rep": Entry(
        "Won amount per sales rep", "Chiffre d’affaires par commercial", "Ingresos por vendedor", "money", "higher", "ratio"
    ),
    "deals_won_per_rep": Entry(
        "Deals won per rep", "Affaires gagnées par commercial", "Operaciones ganadas por vendedor", "ratio", "higher", "ratio"
    ),
    "activities_per_rep": Entry(
        "Activities per rep per working day",
        "Activités par commercial et par jour",
        "Actividades por vendedor y día",
        "ratio",
        "neutral",
        "ratio",
    ),
    "rep_ramp_time": Entry(
        "Rep ramp time", "Temps de montée en compétence", "Tiempo de rampa del vendedor", "days", "lower", "percentile"
    ),
    "login_frequency": Entry(
        "User login frequency",
        "Fréquence de connexion des utilisateurs",
        "Frecuencia de inicio de sesión",
        "ratio",
        "higher",
        "ratio",
    ),
    "dau": Entry(
        "Daily active users", "Utilisateurs actifs quotidiens", "Usuarios activos diarios", "count", "higher", "distinct"
    ),
    "wau": Entry(
        "Weekly active users", "Utilisateurs actifs hebdomadaires", "Usuarios activos semanales", "count", "higher", "distinct"
    ),
    "mau": Entry(
        "Monthly active users", "Utilisateurs actifs mensuels", "Usuarios activos mensuales", "count", "higher", "distinct"
    ),
    "stickiness": Entry(
        "Stickiness (DAU/MAU)", "Régularité d’usage (DAU/MAU)", "Adherencia (DAU/MAU)", "percent", "higher", "distinct"
    ),
    "user_adoption_rate": Entry(
        "CRM adoption rate", "Taux d’adoption du CRM", "Tasa de adopción del CRM", "percent", "higher", "distinct"
    ),
    "records_created": Entry(
        "New records created",
        "Créations de nouveaux enregistrements",
        "Creación de nuevos registros",
        "count",
        "neutral",
        "additive",
    ),
    "next_step_coverage": Entry(
        "Open deals with a next step",
        "Affaires avec prochaine étape",
        "Oportunidades con próximo paso",
        "percent",
        "higher",
        "stock",
    ),
    "overdue_task_rate": Entry(
        "Overdue task rate", "Taux de tâches en retard", "Tasa de tareas vencidas", "percent", "lower", "ratio"
    ),
    "data_completeness": Entry(
        "Data completeness", "Complétude des données", "Completitud de los datos", "percent", "higher", "stock"
    ),
    "complete_record_rate": Entry("Complete records", "Fiches complètes", "Fichas completas", "percent", "higher", "stock"),
    "duplicate_rate": Entry("Duplicate rate", "Taux de doublons", "Tasa de duplicados", "percent", "lower", "stock"),
    "data_accuracy_rate": Entry(
        "Data validity rate", "Taux de validité des données", "Tasa de validez de los datos", "percent", "higher", "stock"
    ),
    "data_freshness": Entry(
        "Records touched recently", "Fraîcheur des données", "Actualidad de los datos", "percent", "higher", "stock"
    ),
    "tickets_created": Entry("Tickets created", "Tickets créés", "Tickets creados", "count", "neutral", "additive"),
    "tickets_solved": Entry("Tickets solved", "Tickets résolus", "Tickets resueltos", "count", "higher", "additive"),
    "ticket_backlog": Entry("Ticket backlog", "Tickets en attente", "Tickets pendientes", "count", "lower", "stock"),
    "first_response_time": Entry(
        "First response time (median)", "Délai de première réponse", "Tiempo de primera respuesta", "days", "lower", "percentile"
    ),
    "response_time": Entry(
        "Response time, all replies (mean)", "Temps de réponse moyen", "Tiempo medio de respuesta", "days", "lower", "ratio"
    ),
    "resolution_time": Entry(
        "Resolution time (median)", "Délai de résolution", "Tiempo de resolución", "days", "lower", "percentile"
    ),
    "sla_attainment": Entry("SLA attainment", "Respect des SLA", "Cumplimiento de SLA", "percent", "higher", "ratio"),
    "reopen_rate": Entry("Reopen rate", "Taux de réouverture", "Tasa de reapertura", "percent", "lower", "ratio"),
    "fcr": Entry(
        "First contact resolution",
        "Résolution au premier contact",
        "Resolución en el primer contacto",
        "percent",
        "higher",
        "ratio",
    ),
    "tickets_per_customer": Entry(
        "Tickets per 100 customers", "Tickets pour 100 clients", "Tickets por cada 100 clientes", "ratio", "lower", "ratio"
    ),
    "crm_lift": Entry(
        "Before/after CRM comparison",
        "Comparaison avant/après le CRM",
        "Comparación antes/después del CRM",
        "ratio",
        "neutral",
        "ratio",
    ),
    "period_change": Entry(
        "Change on previous period",
        "Évolution sur la période précédente",
        "Variación respecto al período anterior",
        "percent",
        "neutral",
        "ratio",
    ),
    "year_over_year": Entry(
        "Change on same period last year", "Évolution sur un an", "Variación interanual", "percent", "neutral", "ratio"
    ),
    "trend_forecast": Entry("Forecast", "Prévision (tendance)", "Pronóstico (tendencia)", "ratio", "neutral", "model"),
    "anomaly_signal": Entry(
        "Significant movement", "Variation significative", "Variación significativa", "score", "neutral", "model"
    ),
    "threshold_breach": Entry(
        "Success threshold reached", "Seuil de succès atteint", "Umbral de éxito alcanzado", "count", "neutral", "additive"
    ),
}
