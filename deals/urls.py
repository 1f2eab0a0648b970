"""Addresses of deals."""

from __future__ import annotations

from django.urls import path

from .orders import views as orders
from .subscriptions import views as subscriptions
from .views import convert, deals, lookup, settings

app_name = "deals"

urlpatterns = [
    path("deals/", deals.DealList.as_view(), name="deals"),
    path("deals/new/", deals.DealNew.as_view(), name="deal_new"),
    path("deals/<int:pk>/", deals.DealPage.as_view(), name="deal"),
    path("deals/<int:pk>/edit/", deals.DealEdit.as_view(), name="deal_edit"),
    path("deals/<int:pk>/delete/", deals.DealDelete.as_view(), name="deal_delete"),
    path("deals/<int:pk>/move/", deals.DealMove.as_view(), name="deal_move"),
    path("deals/<int:pk>/win/", deals.DealWin.as_view(), name="deal_win"),
    path("deals/<int:pk>/lose/", deals.DealLose.as_view(), name="deal_lose"),
    path("deals/<int:pk>/reopen/", deals.DealReopen.as_view(), name="deal_reopen"),
    path("deals/<int:pk>/log/", deals.DealLog.as_view(), name="deal_log"),
    path("deals/<int:pk>/task/", deals.DealPlan.as_view(), name="deal_task"),
    path("deals/<int:pk>/order/", orders.DealOrder.as_view(), name="deal_order"),
    path("orders/", orders.OrderList.as_view(), name="orders"),
    path("orders/new/", orders.OrderNew.as_view(), name="order_new"),
    path("orders/<int:pk>/", orders.OrderPage.as_view(), name="order"),
    path("orders/<int:pk>/edit/", orders.OrderEdit.as_view(), name="order_edit"),
    path("orders/<int:pk>/credit/", orders.OrderCredit.as_view(), name="order_credit"),
    path("deals/<int:pk>/subscriptions/", subscriptions.DealSubscriptions.as_view(), name="deal_subscriptions"),
    path("subscriptions/", subscriptions.SubscriptionList.as_view(), name="subscriptions"),
    path("subscriptions/new/", subscriptions.SubscriptionNew.as_view(), name="subscription_new"),
    path("subscriptions/<int:pk>/", subscriptions.SubscriptionPage.as_view(), name="subscription"),
    path("subscriptions/<int:pk>/edit/", subscriptions.SubscriptionEdit.as_view(), name="subscription_edit"),
    path("subscriptions/<int:pk>/delete/", subscriptions.SubscriptionDelete.as_view(), name="subscription_delete"),
    path("subscriptions/<int:pk>/cancel/", subscriptions.SubscriptionCancel.as_view(), name="subscription_cancel"),
    path("subscriptions/<int:pk>/pause/", subscriptions.SubscriptionPause.as_view(), name="subscription_pause"),
    path("subscriptions/<int:pk>/resume/", subscriptions.SubscriptionResume.as_view(), name="subscription_resume"),
    path("subscriptions/<int:pk>/reactivate/", subscriptions.SubscriptionReactivate.as_view(), name="subscription_reactivate"),
    path("subscriptions/<int:pk>/renew/", subscriptions.SubscriptionRenew.as_view(), name="subscription_renew"),
    path("leads/<int:pk>/convert/", convert.LeadConvert.as_view(), name="lead_convert"),
    path("lookup/products/", lookup.ProductLookup.as_view(), name="lookup_products"),
    path("settings/pipelines/", settings.PipelineList.as_view(), name="pipelines"),
    path("settings/pipelines/new/", settings.PipelineNew.as_view(), name="pipeline_new"),
    path("settings/pipelines/<int:pk>/", settings.PipelineEdit.as_view(), name="pipeline_edit"),
    path("settings/reasons/", settings.ReasonList.as_view(), name="reasons"),
    path("settings/reasons/new/", settings.ReasonNew.as_view(), name="reason_new"),
    path("settings/reasons/<int:pk>/", settings.ReasonEdit.as_view(), name="reason_edit"),
    path("settings/products/", settings.ProductList.as_view(), name="products"),
    path("settings/products/new/", settings.ProductNew.as_view(), name="product_new"),
    path("settings/products/<int:pk>/", settings.ProductEdit.as_view(), name="product_edit"),
]
