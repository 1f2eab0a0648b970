"""Settings of selling: pipelines with their stages, loss reasons, products."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Count, ProtectedError
from django.forms import BaseInlineFormSet, inlineformset_factory
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import events
from crm.forms import MoneyField, MoneyFormMixin
from crm.models import Organisation
from crm.money import format_money, validate_currency
from crm.views.settings_base import SettingsForm, SettingsList

from ..models import LossReason, Pipeline, Product, Stage


class StageRows(BaseInlineFormSet):
    """The stages of a pipeline; one with deals in it, now or in their history, stays."""

    def clean(self) -> None:
        super().clean()
        for form in self.deleted_forms:
            stage = form.instance
            if stage.pk and (stage.deals.exists() or stage.visits.exists()):
                raise ValidationError(
                    _("“%(stage)s” has deals in it or behind it, so it stays. Rename it instead."), params={"stage": stage}
                )
        kept = [form for form in self.forms if form.cleaned_data.get("name") and form not in self.deleted_forms]
        if not self.errors_in_rows() and not kept:
            raise ValidationError(_("A pipeline needs at least one stage."))

    def errors_in_rows(self) -> bool:
        return any(form.errors for form in self.forms)


StageFormSet = inlineformset_factory(
    Pipeline,
    Stage,
    formset=StageRows,
    fields=["position", "name", "probability", "rotting_days"],
    extra=2,
    max_num=30,
    absolute_max=40,
    can_delete=True,
)


class PipelineForm(forms.ModelForm):
    class Meta:
        model = Pipeline
        fields = ["name", "position", "is_default"]

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.stages = StageFormSet(data, instance=self.instance, prefix="stages")

    def is_valid(self) -> bool:
        return all([super().is_valid(), self.stages.is_valid()])

    def _get_validation_exclusions(self) -> set[str]:
        """Making this the default takes it from the other one; that there is one is met when it is saved."""
        return {*super()._get_validation_exclusions(), "is_default"}


class PipelineList(SettingsList):
    title = gettext_lazy("Pipelines")
    new_url = reverse_lazy("deals:pipeline_new")
    new_label = gettext_lazy("New pipeline")
    heads = (gettext_lazy("Stages"), gettext_lazy("Deals"), gettext_lazy("Default"))
    icon = "git-branch"

    def queryset(self) -> Any:
        return Pipeline.objects.prefetch_related("stages").annotate(n=Count("deals")).order_by("position", "pk")

    def url(self, row: Any) -> str:
        return reverse("deals:pipeline_edit", args=[row.pk])

    def cells(self, row: Any) -> list[Any]:
        return [" → ".join(stage.name for stage in row.stages.all()), row.n, _("yes") if row.is_default else ""]


class PipelineEdit(SettingsForm):
    form_class = PipelineForm
    parent = (gettext_lazy("Pipelines"), "deals:pipelines")
    template = "deals/settings_pipeline.html"

    def record(self) -> Any:
        return self.row(Pipeline.objects)

    def save(self, form: Any, record: Any) -> Any:
        before = list(record.stages.values_list("name", flat=True)) if record.pk else []
        if form.cleaned_data["is_default"]:
            Pipeline.objects.exclude(pk=record.pk).update(is_default=False)
        pipeline = form.save()
        form.stages.instance = pipeline
        try:
            form.stages.save()
        except ProtectedError as error:
            raise ValidationError(_("A stage with deals stays.")) from error
        stages = list(pipeline.stages.values_list("name", flat=True))
        events.record("pipeline.changed", pipeline, old={"stages": before}, new={"stages": stages})
        return pipeline


class PipelineNew(PipelineEdit):
    title = gettext_lazy("New pipeline")

    def record(self) -> Any:
        return Pipeline()


class ReasonForm(forms.ModelForm):
    class Meta:
        model = LossReason
        fields = ["name", "position", "active"]


class ReasonList(SettingsList):
    title = gettext_lazy("Loss reasons")
    hint = gettext_lazy("What people choose from when a deal is lost. Few and clear ones give numbers that say something.")
    new_url = reverse_lazy("deals:reason_new")
    new_label = gettext_lazy("New reason")
    heads = (gettext_lazy("Lost deals"), gettext_lazy("Offered"))
    icon = "circle-x"

    def queryset(self) -> Any:
        return LossReason.objects.annotate(n=Count("deals")).order_by("position", "name", "pk")

    def url(self, row: Any) -> str:
        return reverse("deals:reason_edit", args=[row.pk])

    def cells(self, row: Any) -> list[Any]:
        return [row.n, _("yes") if row.active else _("no")]


class ReasonEdit(SettingsForm):
    form_class = ReasonForm
    parent = (gettext_lazy("Loss reasons"), "deals:reasons")

    def record(self) -> Any:
        return self.row(LossReason.objects)

    def save(self, form: Any, record: Any) -> Any:
        reason = form.save()
        events.record("loss_reason.changed", reason, new=form.cleaned_data)
        return reason


class ReasonNew(ReasonEdit):
    title = gettext_lazy("New reason")

    def record(self) -> Any:
        return LossReason()


class ProductForm(MoneyFormMixin, forms.ModelForm):
    price = MoneyField(currency_field="currency", label=gettext_lazy("Price"), required=False)

    class Meta:
        model = Product
        fields = ["code", "name", "family", "price", "currency", "billing", "active"]

    def clean_currency(self) -> str:
        currency = self.cleaned_data["currency"].strip().upper()
        validate_currency(currency)
        return currency


class ProductList(SettingsList):
    permission = ("product", "view")
    title = gettext_lazy("Products")
    new_url = reverse_lazy("deals:product_new")
    new_label = gettext_lazy("New product")
    heads = (gettext_lazy("Code"), gettext_lazy("Family"), gettext_lazy("Price"), gettext_lazy("Offered"))
    icon = "package"

    def queryset(self) -> Any:
        return Product.objects.order_by("name", "pk")

    def url(self, row: Any) -> str:
        return reverse("deals:product_edit", args=[row.pk])

    def cells(self, row: Any) -> list[Any]:
        return [row.code, row.family, format_money(row.price, row.currency, cents=False), _("yes") if row.active else _("no")]


class ProductEdit(SettingsForm):
    permission = ("product", "change")
    form_class = ProductForm
    parent = (gettext_lazy("Products"), "deals:products")

    def record(self) -> Any:
        return self.row(Product.objects)

    def save(self, form: Any, record: Any) -> Any:
        product = form.save()
        events.record("product.changed", product, new=form.cleaned_data)
        return product


class ProductNew(ProductEdit):
    title = gettext_lazy("New product")

    def record(self) -> Any:
        return Product(currency=Organisation.current().base_currency)
