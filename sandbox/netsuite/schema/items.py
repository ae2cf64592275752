"""Items: one property a line as `name type rule label`."""

NON_INVENTORY_SALE_ITEM = """
itemId str R
displayName str
externalId str
salesDescription str
description str
incomeAccount ref(account) F
subsidiary multi(subsidiary) O
includeChildren bool
taxSchedule ref(taxSchedule) F
salesTaxCode ref(tax)
isTaxable bool
class ref(classification)
department ref(department)
location ref(location)
parent ref(item)
isFulfillable bool
isInactive bool
unitsType ref(unitsType)
saleUnit str
rate num
price sub(item.price)
pricesIncludeTax bool
billingSchedule ref(billingSchedule)
deferredRevenueAccount ref(account) F
revenueRecognitionRule ref(list) F
revRecForecastRule ref(list) F
createRevenuePlansOn ref(list) F
revRecSchedule ref(revRecTemplate)
revenueAllocationGroup ref(list)
itemRevenueCategory ref(list)
directRevenuePosting bool
deferRevRec bool
createdDate dt =
lastModifiedDate dt =
itemType str =
internalId int =
str: baseUnit consumptionUnit costEstimateUnits featuredDescription hazmatHazardClass hazmatId hazmatItemUnits hazmatShippingName
    hazmatTechnicalName id manufacturer manufacturerAddr1 manufacturerCity manufacturerState manufacturerTariff manufacturerTaxId
    manufacturerZip matrixItemNameTemplate matrixItemNameTemplateHelp metaTagHtml mpn nexTagCategory noPriceMessage outOfStockMessage
    pageTitle refName relatedItemsDescription scheduleBNumber searchKeywords shoppingDotComCategory stockDescription storeDescription
    storeDetailedDescription storeDisplayName upcCode urlComponent weightUnits
num: VSOEPrice costEstimate costForPricing handlingCost hazmatItemUnitsQty maxDonationAmount rateIncludingTax residual scheduleBQuantity
    shippingCost weight
int: amortizationPeriod maximumquantity minimumquantity shopzillaCategoryId
bool: VSOEDelivered autoExpandKitForRevenuemgmt availableToPartners contingentRevenueHandling dontShowPrice enforceminqtyinternally
    excludeFromSiteMap froogleProductFeed isDonationItem isGCoCompliant isHazmatItem isOnline multManufactureAddr nexTagProductFeed
    offerSupport onSpecial parentOnly producer shipIndividually shoppingProductFeed shopzillaProductFeed showDefaultDonationAmount
    tracksaasmetrics useMarginalRates yahooProductFeed
date: tracksaasmetricsenddate tracksaasmetricsstartdate
enum: VSOEDeferral VSOEPermitDiscount VSOESopGroup countryOfManufacture hazmatPackingGroup insertItemAttribute itemCarrier matrixType
    outOfStockBehavior overallQuantityPricingType preferenceCriterion scheduleBCode siteMapPriority softDescriptor storeItemTemplate
    weightUnit
ref: amortizationTemplate billExchRateVarianceAcct billPriceVarianceAcct billQtyVarianceAcct costCategory createExpensePlansOn
    customForm defaultItemShipMethod deferralAccount expenseAmortizationRule issueProduct pricingGroup quantityPricingSchedule
    revReclassFxAccount shipPackage storeDisplayImage storeDisplayThumbnail
sub: accountingBookDetail correlatedItems hierarchyVersions itemOptions itemShipMethod presentationItem siteCategory translations
"""

ITEM_PRICE = """
currencyPage ref(currency) R
priceLevel ref(priceLevel) R
priceQty int
quantity any
price num R
discountDisplay num =
isInactive bool =
priceLevelName str =
"""

SERVICE_ITEM = """
subtype enum(Sale|Purchase|Resale)
createJob bool
projectTemplate ref(projectTemplate)
projectExpenseType ref(projectExpenseType)
"""

SERVICE_ITEM_LACKS = """
costEstimateUnits countryOfManufacture handlingCost hazmatHazardClass hazmatId hazmatItemUnits hazmatItemUnitsQty hazmatPackingGroup
hazmatShippingName hazmatTechnicalName isHazmatItem manufacturer manufacturerAddr1 manufacturerCity manufacturerState
manufacturerTariff manufacturerTaxId manufacturerZip mpn multManufactureAddr preferenceCriterion producer scheduleBCode
scheduleBNumber scheduleBQuantity shipIndividually shipPackage shippingCost weight weightUnit weightUnits
"""

INVENTORY_ITEM = """
assetAccount ref(account)
cogsAccount ref(account)
costingMethod str
cost num
purchaseDescription str
"""

DISCOUNT_ITEM = """
account ref(account) F Account
nonPosting bool
isPreTax bool
"""
